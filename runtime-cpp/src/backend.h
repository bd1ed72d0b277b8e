#pragma once

#include "owned_handle.h"

namespace rwkv {

/// A logger of a backend library whose messages go to MessageLog. Free after everything made with it.
class Log {
 public:
  /// `level` is the most talkative one to collect. A library without logging gives an empty Log.
  static Result<Log> create(const Api& api, QnnLog_Level_t level);
  Qnn_LogHandle_t handle() const { return owner_.get(); }

 private:
  OwnedHandle owner_;
};

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
