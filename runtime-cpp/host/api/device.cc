#include "device.h"

#include <algorithm>
#include <map>
#include <thread>

#include "../validate/sane_enum.h"
#include "config_list.h"
#include "fault.h"
#include "infrastructure.h"

namespace qnn_host {

PlatformInfo::PlatformInfo() {
  const uint32_t count = std::max(1u, std::thread::hardware_concurrency());
  for (uint32_t i = 0; i < count; ++i) {
    QnnDevice_CoreInfo_t core = QNN_DEVICE_CORE_INFO_INIT;
    core.v1.coreId = i;
    cores_.push_back(core);
  }
  hardware_ = QNN_DEVICE_HARDWARE_DEVICE_INFO_INIT;
  hardware_.v1.deviceId = 0;
  hardware_.v1.numCores = count;
  hardware_.v1.cores = cores_.data();
  info_ = QNN_DEVICE_PLATFORM_INFO_INIT;
  info_.v1.numHwDevices = 1;
  info_.v1.hwDevices = &hardware_;
}

}  // namespace qnn_host

using namespace qnn_host;

namespace {

// What getPlatformInfo gave out and freePlatformInfo has not taken back.
struct Given {
  std::mutex mutex;
  std::map<const QnnDevice_PlatformInfo_t*, std::unique_ptr<PlatformInfo>> infos;
};

Given& given() {
  static Given instance;
  return instance;
}

/// There is one device, number 0: a config may name it and nothing else.
Fault check_config(const QnnDevice_Config_t& config) {
  const QnnDevice_ConfigOption_t option = sane(config.option);
  if (option != QNN_DEVICE_CONFIG_OPTION_PLATFORM_INFO)
    return {QNN_DEVICE_ERROR_INVALID_CONFIG, "device config option " + std::to_string(option) +
                                                 " is not known; there is only 1 (PLATFORM_INFO)"};
  const QnnDevice_PlatformInfo_t* info = config.hardwareInfo;
  const bool known =
      info != nullptr && sane(info->version) == QNN_DEVICE_PLATFORM_INFO_VERSION_1 &&
      info->v1.numHwDevices == 1 && info->v1.hwDevices != nullptr &&
      sane(info->v1.hwDevices->version) == QNN_DEVICE_HARDWARE_DEVICE_INFO_VERSION_1 &&
      info->v1.hwDevices->v1.deviceId == 0;
  if (!known)
    return {QNN_DEVICE_ERROR_INVALID_CONFIG,
            "the platform info does not describe the one device there is, number 0"};
  return {};
}

/// A null logger is allowed.
Fault find_log(Qnn_LogHandle_t logger, std::shared_ptr<Log>* log) {
  *log = Registry::instance().find<Log>(logger);
  if (logger != nullptr && *log == nullptr)
    return {QNN_DEVICE_ERROR_INVALID_HANDLE, bad_handle("log", logger)};
  return {};
}

}  // namespace

Qnn_ErrorHandle_t QnnDevice_getPlatformInfo(Qnn_LogHandle_t logger,
                                            const QnnDevice_PlatformInfo_t** platformInfo) {
  std::shared_ptr<Log> log;
  if (const Fault fault = find_log(logger, &log)) return report(nullptr, fault);
  if (platformInfo == nullptr)
    return report(log.get(), QNN_DEVICE_ERROR_INVALID_ARGUMENT, null_argument("platformInfo"));
  auto info = std::make_unique<PlatformInfo>();
  const QnnDevice_PlatformInfo_t* address = info->get();
  const std::lock_guard<std::mutex> lock(given().mutex);
  given().infos.emplace(address, std::move(info));
  *platformInfo = address;
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnDevice_freePlatformInfo(Qnn_LogHandle_t logger,
                                             const QnnDevice_PlatformInfo_t* platformInfo) {
  std::shared_ptr<Log> log;
  if (const Fault fault = find_log(logger, &log)) return report(nullptr, fault);
  const std::lock_guard<std::mutex> lock(given().mutex);
  if (given().infos.erase(platformInfo) == 0)
    return report(log.get(), QNN_DEVICE_ERROR_INVALID_ARGUMENT,
                  "this platform info was not given out by getPlatformInfo, or is freed already");
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnDevice_getInfrastructure(const QnnDevice_Infrastructure_t* deviceInfra) {
  if (deviceInfra == nullptr)
    return report(nullptr, QNN_DEVICE_ERROR_INVALID_ARGUMENT, null_argument("deviceInfra"));
  // The API's types: a pointer to a record that each backend completes, and a const that is not
  // meant.
  *const_cast<QnnDevice_Infrastructure_t*>(deviceInfra) =
      reinterpret_cast<QnnDevice_Infrastructure_t>(
          const_cast<QnnHostDevice_Infrastructure_t*>(&infrastructure()));
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnDevice_create(Qnn_LogHandle_t logger, const QnnDevice_Config_t** config,
                                   Qnn_DeviceHandle_t* device) {
  std::shared_ptr<Log> log;
  if (const Fault fault = find_log(logger, &log)) return report(nullptr, fault);
  if (device == nullptr)
    return report(log.get(), QNN_DEVICE_ERROR_INVALID_ARGUMENT, null_argument("device"));
  if (const Fault fault = each_config(config, check_config)) return report(log.get(), fault);
  *device = Registry::instance().insert(std::make_shared<Device>(log));
  return *device != nullptr ? QNN_SUCCESS : QNN_DEVICE_ERROR_MEM_ALLOC;
}

Qnn_ErrorHandle_t QnnDevice_setConfig(Qnn_DeviceHandle_t device,
                                      const QnnDevice_Config_t** config) {
  const auto self = Registry::instance().find<Device>(device);
  if (self == nullptr)
    return report(nullptr, QNN_DEVICE_ERROR_INVALID_HANDLE, bad_handle("device", device));
  return report(self->log(), each_config(config, check_config));
}

/// The info lives as long as the device.
Qnn_ErrorHandle_t QnnDevice_getInfo(Qnn_DeviceHandle_t device,
                                    const QnnDevice_PlatformInfo_t** platformInfo) {
  const auto self = Registry::instance().find<Device>(device);
  if (self == nullptr)
    return report(nullptr, QNN_DEVICE_ERROR_INVALID_HANDLE, bad_handle("device", device));
  if (platformInfo == nullptr)
    return report(self->log(), QNN_DEVICE_ERROR_INVALID_ARGUMENT, null_argument("platformInfo"));
  *platformInfo = self->info().get();
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnDevice_free(Qnn_DeviceHandle_t device) {
  std::shared_ptr<Device> self;
  int contexts = 0;
  {
    const std::lock_guard<std::mutex> family(Registry::instance().family());
    self = Registry::instance().find<Device>(device);
    if (self != nullptr) contexts = self->contexts;
    if (contexts == 0) Registry::instance().remove<Device>(device);
  }
  if (self == nullptr)
    return report(nullptr, QNN_DEVICE_ERROR_INVALID_HANDLE, bad_handle("device", device));
  if (contexts > 0)
    return report(
        self->log(), QNN_DEVICE_ERROR_ASSOCIATED_TO_CONTEXT,
        std::to_string(contexts) + " contexts use the device: free them first (contextFree)");
  return QNN_SUCCESS;
}
