#pragma once

#include "backend.h"

namespace rwkv {

/// The hardware that contexts run on. May be empty: backends without devices answer 1000, and a
/// null handle is right for them.
class Device {
 public:
  /// `soc_model` (Qnn_SocModel_t) is for HTP: the SoC to compile for on a PC; 0 takes what is
  /// there.
  static Result<Device> create(const Api& api, const Log& log, uint32_t soc_model);
  Qnn_DeviceHandle_t handle() const { return owner_.get(); }

 private:
  OwnedHandle owner_;
};

}  // namespace rwkv
