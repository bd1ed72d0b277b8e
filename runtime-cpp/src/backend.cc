#include "backend.h"

namespace rwkv {

Result<Backend> Backend::create(const Api& api, const Log& log) {
  const Call call("QnnBackend_create", api.provider);
  if (api.fn.backendCreate == nullptr || api.fn.backendFree == nullptr) return call.missing_slot();
  Qnn_BackendHandle_t handle = nullptr;
  RWKV_TRY(call.check(api.fn.backendCreate(log.handle(), nullptr, &handle)));
  Backend backend;
  backend.owner_ = OwnedHandle(api, handle, "QnnBackend_free",
                               [](const Api& a, void* h) { return a.fn.backendFree(h); });
  return backend;
}

}  // namespace rwkv
