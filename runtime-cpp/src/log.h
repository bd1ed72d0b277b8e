#pragma once

#include "owned_handle.h"

namespace rwkv {

/// A logger of a backend library whose messages go to MessageLog. Free after everything made with
/// it.
class Log {
 public:
  /// `level` is the most talkative one to collect. A library without logging gives an empty Log.
  static Result<Log> create(const Api& api, QnnLog_Level_t level);
  Qnn_LogHandle_t handle() const { return owner_.get(); }

 private:
  OwnedHandle owner_;
};

}  // namespace rwkv
