#pragma once

#include <mutex>
#include <set>

namespace rwkv {

/// The objects of one kind that the C API gave out and that are alive: a stale or foreign pointer
/// is told by looking it up, not by reading what it points to.
template <typename T>
class HandleSet {
 public:
  T* add(T* object) {
    const std::lock_guard<std::mutex> lock(mutex_);
    live_.insert(object);
    return object;
  }
  bool has(const T* object) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return live_.count(object) != 0;
  }
  /// False when it was not there.
  bool remove(const T* object) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return live_.erase(object) != 0;
  }

 private:
  mutable std::mutex mutex_;
  std::set<const T*> live_;
};

}  // namespace rwkv
