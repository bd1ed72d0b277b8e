#include "float16.h"

namespace rwkv {

uint16_t float32_to_float16(float value) {
  const uint32_t bits = bits_of(value);
  const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return static_cast<uint16_t>(sign | 0x7E00u);
  // 65520 is half way between the largest finite value and the next step: it and all above round to
  // infinity.
  if (magnitude >= 0x477FF000u) return static_cast<uint16_t>(sign | 0x7C00u);
  if (magnitude < 0x38800000u) {
    // Below 2^-14: adding 0.5 leaves round-to-even multiples of 2^-24 in the low bits of the sum.
    const uint32_t sum = bits_of(float_of(magnitude) + 0.5f);
    return static_cast<uint16_t>(sign | (sum - 0x3F000000u));
  }
  const uint32_t odd = magnitude >> 13 & 1u;
  const uint32_t rounded = magnitude + 0xFFFu + odd - (112u << 23);
  return static_cast<uint16_t>(sign | rounded >> 13);
}

}  // namespace rwkv
