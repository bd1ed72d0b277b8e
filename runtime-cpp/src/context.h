#pragma once

#include <string>

#include "device.h"
#include "profile.h"

namespace rwkv {

/// A context: holds graphs. Free before its device and backend; its graphs' handles die with it.
class Context {
 public:
  /// An empty one to compose into. `share_weights`: equal static tensors of several HTP graphs are
  /// stored once; a PC can write such a binary but not load it.
  static Result<Context> create(const Backend& backend, const Device& device, bool share_weights);

  /// One with the graphs of a binary of `size` bytes. `name` is for messages. The library may read
  /// `bytes` later as well: they must outlive the context.
  static Result<Context> from_binary(const Backend& backend, const Device& device,
                                     const void* bytes, uint64_t size, const std::string& name);

  Qnn_ContextHandle_t handle() const { return owner_.get(); }

  /// The binary of the finalized graphs.
  Result<std::string> binary() const;

 private:
  Context(const Api& api, Qnn_ContextHandle_t handle);

  OwnedHandle owner_;
};

}  // namespace rwkv
