#pragma once

#include <cstdint>
#include <utility>

namespace qnn_host {

/// Zeroed memory straight from the system, in huge pages where it is large and the system has them:
/// weights that are streamed once a token then cost no page walks.
class HugeMemory {
 public:
  HugeMemory() = default;
  /// Empty (data() is null) when there is no memory, or for 0 bytes.
  explicit HugeMemory(uint64_t bytes);
  ~HugeMemory();
  HugeMemory(HugeMemory&& other) noexcept { *this = std::move(other); }
  HugeMemory& operator=(HugeMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  uint8_t* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }

 private:
  uint8_t* data_ = nullptr;
  uint64_t bytes_ = 0;
};

/// Gives the pages that lie wholly inside back to their file. For memory that is a mapping of a
/// file and has not been written to.
void drop_file_pages(const void* data, uint64_t bytes);

}  // namespace qnn_host
