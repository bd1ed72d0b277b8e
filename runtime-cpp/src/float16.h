#pragma once

#include <cstdint>
#include <cstring>

namespace rwkv {

/// IEEE 754 binary16 to binary32: exact for every value; a NaN stays one. Without branches, so that
/// loops of it become vectors.
inline float float16_to_float32(uint16_t half) {
  const uint32_t moved = (half & 0x7FFFu) << 13, sign = (half & 0x8000u) << 16;
  // Exponents are 112 apart; to multiply is exact, and leaves subnormal numbers right, too.
  float value;
  std::memcpy(&value, &moved, sizeof value);
  value *= 0x1p112f;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const uint32_t not_finite = moved >= 0x7C00u << 13 ? moved | 0x7F800000u : 0;
  bits |= not_finite | sign;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// binary32 to binary16, to nearest, ties to even; beyond 65519.996 infinity; a NaN becomes a quiet
/// NaN.
uint16_t float32_to_float16(float value);

}  // namespace rwkv
