#pragma once

#include <cstdint>

namespace rwkv {

/// PCG32 (O'Neill 2014, XSH-RR 64/32, stream 1442695040888963407): the same numbers for a seed on
/// every machine, which the standard library's distributions do not promise.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(0) {
    next();
    state_ += seed;
    next();
  }

  uint32_t next() {
    const uint64_t old = state_;
    state_ = old * 6364136223846793005u + 1442695040888963407u;
    const uint32_t mixed = static_cast<uint32_t>(((old >> 18) ^ old) >> 27);
    const uint32_t turn = static_cast<uint32_t>(old >> 59);
    return mixed >> turn | mixed << (-turn & 31);
  }

  /// In [0, 1), a multiple of 2^-53.
  double uniform() {
    const uint64_t high = next() >> 5, low = next() >> 6;
    return static_cast<double>(high << 26 | low) * 0x1p-53;
  }

 private:
  uint64_t state_;
};

}  // namespace rwkv
