#pragma once

#include "log.h"

namespace rwkv {

/// A backend of the library behind an Api. Free after its devices, contexts and profiles.
class Backend {
 public:
  static Result<Backend> create(const Api& api, const Log& log);
  Qnn_BackendHandle_t handle() const { return owner_.get(); }
  const Api& api() const { return owner_.api(); }

 private:
  OwnedHandle owner_;
};

}  // namespace rwkv
