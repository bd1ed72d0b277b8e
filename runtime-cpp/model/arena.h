// Memory that is released all at once: names, tensors and shapes of a graph under construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace rwkvc {

class Arena {
 public:
  Arena() = default;
  ~Arena() {
    while (blocks_ != nullptr) {
      Block* next = blocks_->next;
      free(blocks_);
      blocks_ = next;
    }
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Zeroed, aligned for every type; null when memory is out.
  void* allocate(size_t bytes) {
    bytes = (bytes + kAlignment - 1) & ~(kAlignment - 1);
    if (blocks_ == nullptr || blocks_->capacity - blocks_->used < bytes) {
      const size_t capacity = bytes > kBlockBytes ? bytes : kBlockBytes;
      auto* block = static_cast<Block*>(calloc(1, sizeof(Block) + capacity));
      if (block == nullptr) return nullptr;
      block->next = blocks_;
      block->capacity = capacity;
      blocks_ = block;
    }
    void* place = reinterpret_cast<char*>(blocks_ + 1) + blocks_->used;
    blocks_->used += bytes;
    return place;
  }

  template <typename T>
  T* array(size_t count) {
    return static_cast<T*>(allocate(count * sizeof(T)));
  }

  void* copy(const void* data, size_t bytes) {
    void* place = allocate(bytes);
    if (place != nullptr && bytes > 0) memcpy(place, data, bytes);
    return place;
  }

 private:
  static constexpr size_t kAlignment = alignof(max_align_t);
  static constexpr size_t kBlockBytes = 64 * 1024;
  struct alignas(max_align_t) Block {
    Block* next;
    size_t capacity;
    size_t used;
  };
  Block* blocks_ = nullptr;
};

}  // namespace rwkvc
