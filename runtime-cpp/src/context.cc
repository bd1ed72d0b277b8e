#include "context.h"

#include "htp_config.h"

namespace rwkv {

Context::Context(const Api& api, Qnn_ContextHandle_t handle)
    : owner_(api, handle, "QnnContext_free",
             [](const Api& a, void* h) { return a.fn.contextFree(h, nullptr); }) {}

Result<Context> Context::create(const Backend& backend, const Device& device, bool share_weights) {
  const Api& api = backend.api();
  const Call call("QnnContext_create", share_weights ? "shared weights" : "");
  if (api.fn.contextCreate == nullptr || api.fn.contextFree == nullptr) return call.missing_slot();
  HtpContextConfig record = htp_weight_sharing_config(true);
  const QnnContext_Config_t config = as_context_config(record);
  const QnnContext_Config_t* configs[] = {&config, nullptr};
  const bool share = share_weights && api.backend_id == kBackendIdHtp;
  Qnn_ContextHandle_t handle = nullptr;
  RWKV_TRY(call.check(
      api.fn.contextCreate(backend.handle(), device.handle(), share ? configs : nullptr, &handle)));
  return Context(api, handle);
}

Result<Context> Context::from_binary(const Backend& backend, const Device& device,
                                     const void* bytes, uint64_t size, const std::string& name) {
  const Api& api = backend.api();
  const Call call("QnnContext_createFromBinary", name);
  if (api.fn.contextCreateFromBinary == nullptr || api.fn.contextFree == nullptr) {
    return call.missing_slot();
  }
  Qnn_ContextHandle_t handle = nullptr;
  RWKV_TRY(call.check(api.fn.contextCreateFromBinary(backend.handle(), device.handle(), nullptr,
                                                     bytes, size, &handle, nullptr)));
  return Context(api, handle);
}

Result<std::string> Context::binary() const {
  const Api& api = owner_.api();
  const Call size_call("QnnContext_getBinarySize", "");
  if (api.fn.contextGetBinarySize == nullptr) return size_call.missing_slot();
  Qnn_ContextBinarySize_t size = 0;
  RWKV_TRY(size_call.check(api.fn.contextGetBinarySize(owner_.get(), &size)));
  std::string bytes(size, '\0');
  const Call call("QnnContext_getBinary", std::to_string(size) + " bytes");
  if (api.fn.contextGetBinary == nullptr) return call.missing_slot();
  Qnn_ContextBinarySize_t written = 0;
  RWKV_TRY(call.check(api.fn.contextGetBinary(owner_.get(), &bytes[0], size, &written)));
  if (written == 0 || written > size) {
    return internal_error("context/binary-size", "QnnContext_getBinary wrote " +
                                                     std::to_string(written) + " of " +
                                                     std::to_string(size) + " bytes");
  }
  bytes.resize(written);
  return bytes;
}

}  // namespace rwkv
