#pragma once

#include <cstdint>

namespace rwkv {

/// IEEE 754 binary16 to binary32: exact for every value; a NaN stays one.
float float16_to_float32(uint16_t half);

/// binary32 to binary16, to nearest, ties to even; beyond 65519.996 infinity; a NaN becomes a quiet
/// NaN.
uint16_t float32_to_float16(float value);

}  // namespace rwkv
