#include "registry.h"

namespace qnn_host {
namespace {

// A handle, from the top: 0x7 (no address of a program begins so), 4 bits of kind, 32 of
// generation, 24 of place.
static_assert(sizeof(void*) == 8, "handles take 64 bits");
constexpr uint64_t kMark = uint64_t{0x7} << 60;
constexpr uint64_t kPlaceMask = (uint64_t{1} << 24) - 1;

void* make_handle(Kind kind, uint32_t generation, size_t place) {
  const uint64_t bits = kMark | static_cast<uint64_t>(kind) << 56 | uint64_t{generation} << 24 |
                        static_cast<uint64_t>(place);
  return reinterpret_cast<void*>(static_cast<uintptr_t>(bits));
}

}  // namespace

Registry& Registry::instance() {
  static Registry registry;
  return registry;
}

void* Registry::insert_object(Kind kind, std::shared_ptr<Object> object) {
  const std::lock_guard<std::mutex> lock(mutex_);
  size_t place = slots_.size();
  if (!unused_.empty()) {
    place = unused_.back();
    unused_.pop_back();
  } else if (place > kPlaceMask) {
    return nullptr;
  } else {
    slots_.emplace_back();
    unused_.reserve(slots_.size());  // so that remove needs no memory
  }
  Slot& slot = slots_[place];
  slot.object = std::move(object);
  slot.kind = kind;
  return make_handle(kind, slot.generation, place);
}

size_t Registry::place_of(Kind kind, void* handle) const {
  const uint64_t bits = reinterpret_cast<uintptr_t>(handle);
  const size_t place = bits & kPlaceMask;
  if (place >= slots_.size()) return slots_.size();
  const Slot& slot = slots_[place];
  const bool valid = slot.object != nullptr && slot.kind == kind &&
                     make_handle(kind, slot.generation, place) == handle;
  return valid ? place : slots_.size();
}

std::shared_ptr<Object> Registry::find_object(Kind kind, void* handle) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const size_t place = place_of(kind, handle);
  return place < slots_.size() ? slots_[place].object : nullptr;
}

std::shared_ptr<Object> Registry::remove_object(Kind kind, void* handle) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const size_t place = place_of(kind, handle);
  if (place == slots_.size()) return nullptr;
  std::shared_ptr<Object> object = std::move(slots_[place].object);
  slots_[place].object = nullptr;
  ++slots_[place].generation;
  unused_.push_back(static_cast<uint32_t>(place));
  return object;
}

std::vector<std::shared_ptr<Object>> Registry::all_objects(Kind kind) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::shared_ptr<Object>> objects;
  for (const Slot& slot : slots_) {
    if (slot.object != nullptr && slot.kind == kind) objects.push_back(slot.object);
  }
  return objects;
}

size_t Registry::live() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return slots_.size() - unused_.size();
}

}  // namespace qnn_host
