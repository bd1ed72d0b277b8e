#pragma once

#include <cstdint>
#include <cstring>

namespace rwkv {

/// The number whose binary32 bits these are, and back.
inline float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// IEEE 754 binary16 to binary32: exact for every value; a NaN stays one. Without branches, so that
/// loops of it become vectors; without subnormal operands, which programs may have set to be zeros.
inline float float16_to_float32(uint16_t half) {
  const uint32_t moved = (half & 0x7FFFu) << 13, sign = (half & 0x8000u) << 16;
  const uint32_t normal = moved + (112u << 23), special = moved | 0x7F800000u;
  // 2^-14 (1 + m / 1024) less 2^-14.
  const uint32_t subnormal = bits_of(float_of(moved + (113u << 23)) - 0x1p-14f);
  const uint32_t small = moved < 1u << 23 ? subnormal : normal;
  return float_of(sign | (moved < 31u << 23 ? small : special));
}

/// binary32 to binary16, to nearest, ties to even; beyond 65519.996 infinity; a NaN becomes a quiet
/// NaN.
uint16_t float32_to_float16(float value);

}  // namespace rwkv
