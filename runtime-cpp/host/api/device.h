#pragma once

#include <memory>

#include "QnnDevice.h"
#include "log.h"
#include "registry.h"

namespace qnn_host {

/// QnnDevice_PlatformInfo_t with what it points at: one device, the machine's processor, with a
/// core per hardware thread.
class PlatformInfo {
 public:
  PlatformInfo();
  PlatformInfo(const PlatformInfo&) = delete;
  PlatformInfo& operator=(const PlatformInfo&) = delete;
  const QnnDevice_PlatformInfo_t* get() const { return &info_; }

 private:
  std::vector<QnnDevice_CoreInfo_t> cores_;
  QnnDevice_HardwareDeviceInfo_t hardware_;
  QnnDevice_PlatformInfo_t info_;
};

class Device : public Object {
 public:
  static constexpr Kind kKind = Kind::kDevice;

  explicit Device(std::shared_ptr<Log> log) : log_(std::move(log)) {}

  /// May be null.
  const Log* log() const { return log_.get(); }
  const PlatformInfo& info() const { return info_; }

  /// Contexts that use it; guarded by Registry::family.
  int contexts = 0;

 private:
  std::shared_ptr<Log> log_;
  PlatformInfo info_;
};

}  // namespace qnn_host
