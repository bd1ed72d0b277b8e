#include "log.h"

namespace rwkv {

Result<Log> Log::create(const Api& api, QnnLog_Level_t level) {
  Log log;
  if (api.fn.logCreate == nullptr || api.fn.logFree == nullptr) return log;
  const Call call("QnnLog_create", "");
  Qnn_LogHandle_t handle = nullptr;
  RWKV_TRY(call.check(api.fn.logCreate(&MessageLog::callback, level, &handle)));
  log.owner_ = OwnedHandle(api, handle, "QnnLog_free",
                           [](const Api& a, void* h) { return a.fn.logFree(h); });
  return log;
}

}  // namespace rwkv
