#include "weight_store.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "huge_memory.h"

namespace qnn_host {
namespace {

/// What source and copy have in memory at once.
constexpr uint64_t kWindow = uint64_t{8} << 20;
/// Small weights share one block, so that they too lie in huge pages. What is not used of it is
/// never touched, and so takes no memory.
constexpr uint64_t kSlab = uint64_t{64} << 20;
constexpr uint64_t kAlignment = 64;

class InPlace : public PackedWeight {
 public:
  explicit InPlace(const Tensor& tensor) : owner_(tensor.owner) {
    view_ = {tensor.data, tensor.bytes(), false};
  }

 private:
  std::shared_ptr<const void> owner_;
};

struct Slab {
  explicit Slab(uint64_t bytes) : memory(bytes) {}
  HugeMemory memory;
  uint64_t used = 0;
};

class Copy : public PackedWeight {
 public:
  Copy(const Tensor& tensor, std::shared_ptr<Slab> slab, uint64_t offset) : slab_(std::move(slab)) {
    uint8_t* to = slab_->memory.data() + offset;
    view_ = {to, tensor.bytes(), true};
    for (uint64_t at = 0; at < view_.bytes; at += kWindow) {
      const uint64_t bytes = std::min(kWindow, view_.bytes - at);
      std::memcpy(to + at, tensor.data + at, bytes);
      drop_file_pages(tensor.data + at, bytes);
    }
  }

 private:
  std::shared_ptr<Slab> slab_;
};

/// Copies that are alive, by the place of their source.
class Store {
 public:
  std::shared_ptr<const PackedWeight> pack(const Tensor& tensor) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto key = std::make_pair(static_cast<const void*>(tensor.data), tensor.bytes());
    std::shared_ptr<const PackedWeight> known = copies_[key].lock();
    if (known != nullptr) return known;
    const uint64_t bytes = (tensor.bytes() + 2 * kAlignment - 1) / kAlignment * kAlignment;
    std::shared_ptr<Slab> slab = slab_.lock();
    if (slab == nullptr || slab->memory.bytes() - slab->used < bytes) {
      slab = std::make_shared<Slab>(std::max(bytes, kSlab));
      if (slab->memory.data() == nullptr) return nullptr;
      if (bytes < kSlab) slab_ = slab;
    }
    auto copy = std::make_shared<Copy>(tensor, slab, slab->used);
    slab->used += bytes;
    copies_[key] = copy;
    forget_dead();
    return copy;
  }

 private:
  void forget_dead() {
    if (copies_.size() < 2 * alive_ + 64) return;
    for (auto it = copies_.begin(); it != copies_.end();)
      it = it->second.expired() ? copies_.erase(it) : std::next(it);
    alive_ = copies_.size();
  }

  std::mutex mutex_;
  std::weak_ptr<Slab> slab_;
  std::map<std::pair<const void*, uint64_t>, std::weak_ptr<const PackedWeight>> copies_;
  size_t alive_ = 0;
};

Store& store() {
  static Store* const kStore = new Store;  // never destroyed: graphs may outlive static destructors
  return *kStore;
}

}  // namespace

std::shared_ptr<const PackedWeight> pack_weight(const Tensor& tensor) {
  if (!tensor.is_mapped) return std::make_shared<InPlace>(tensor);
  return store().pack(tensor);
}

}  // namespace qnn_host
