#pragma once

#include <utility>

#include "api.h"

namespace rwkv {

/// A QNN handle and the function that frees it: the move-only core of Log, Backend, Device, Context
/// and Profile. Borrows the Api.
class OwnedHandle {
 public:
  using Free = Qnn_ErrorHandle_t (*)(const Api& api, void* handle);

  OwnedHandle() = default;
  OwnedHandle(const Api& api, void* handle, const char* free_name, Free free)
      : api_(&api), handle_(handle), free_name_(free_name), free_(free) {}
  OwnedHandle(OwnedHandle&& other) noexcept { swap(other); }
  OwnedHandle& operator=(OwnedHandle&& other) noexcept {
    OwnedHandle old(std::move(*this));
    swap(other);
    return *this;
  }
  ~OwnedHandle() {
    if (handle_ == nullptr) return;
    const Call call(free_name_, "");
    const Qnn_ErrorHandle_t status = free_(*api_, handle_);
    // Nobody is left to hear of it but the log.
    if (status != QNN_SUCCESS) {
      MessageLog::instance().add(QNN_LOG_LEVEL_WARN, call.failure(status).message);
    }
  }

  void* get() const { return handle_; }
  const Api& api() const { return *api_; }

 private:
  void swap(OwnedHandle& other) noexcept {
    std::swap(api_, other.api_);
    std::swap(handle_, other.handle_);
    std::swap(free_name_, other.free_name_);
    std::swap(free_, other.free_);
  }

  const Api* api_ = nullptr;
  void* handle_ = nullptr;
  const char* free_name_ = "";
  Free free_ = nullptr;
};

}  // namespace rwkv
