#include "device.h"

#include "htp_config.h"
#include "qnn_status.h"

namespace rwkv {

Result<Device> Device::create(const Api& api, const Log& log, uint32_t soc_model) {
  Device device;
  if (api.fn.deviceCreate == nullptr || api.fn.deviceFree == nullptr) return device;
  HtpDeviceConfig record = htp_soc_config(soc_model);
  const QnnDevice_Config_t config = as_device_config(record);
  const QnnDevice_Config_t* configs[] = {&config, nullptr};
  const bool choose = soc_model != 0 && api.backend_id == kBackendIdHtp;
  const Call call("QnnDevice_create",
                  choose ? "SoC model " + std::to_string(soc_model) : api.provider);
  Qnn_DeviceHandle_t handle = nullptr;
  const Qnn_ErrorHandle_t status =
      api.fn.deviceCreate(log.handle(), choose ? configs : nullptr, &handle);
  if (is_unsupported(status)) return device;
  RWKV_TRY(call.check(status));
  device.owner_ = OwnedHandle(api, handle, "QnnDevice_free",
                              [](const Api& a, void* h) { return a.fn.deviceFree(h); });
  return device;
}

}  // namespace rwkv
