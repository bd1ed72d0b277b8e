#include "checksum.h"

#include <cstring>

namespace qnn_host {
namespace {

// An odd factor: multiplication by it is a bijection modulo 2^64. 2^64 divided by the golden ratio.
constexpr uint64_t kFactor = 0x9E3779B97F4A7C15;

inline uint64_t mix(uint64_t lane, uint64_t word) {
  lane = (lane ^ word) * kFactor;
  return lane ^ (lane >> 29);
}

}  // namespace

void Checksum::add(const void* bytes, size_t size) {
  const auto* at = static_cast<const uint8_t*>(bytes);
  for (size_t offset = 0; offset < size; offset += kBlock) {
    uint64_t words[4];
    std::memcpy(words, at + offset, sizeof words);
    for (int i = 0; i < 4; ++i) lanes_[i] = mix(lanes_[i], words[i]);
  }
}

uint64_t Checksum::value() const {
  uint64_t sum = 0;
  for (const uint64_t lane : lanes_) sum = mix(sum, lane);
  return sum;
}

}  // namespace qnn_host
