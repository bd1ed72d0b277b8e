#pragma once

#include <cstddef>
#include <cstdint>

namespace qnn_host {

/// A 64-bit checksum against accidents, not against forgery. Four lanes of 8 bytes each step; every
/// step is a bijection of its lane, so that a change within one word always changes the sum.
class Checksum {
 public:
  static constexpr size_t kBlock = 32;

  /// `size` is a multiple of kBlock.
  void add(const void* bytes, size_t size);
  uint64_t value() const;

 private:
  uint64_t lanes_[4] = {1, 2, 3, 4};
};

}  // namespace qnn_host
