#pragma once

#include <cstdint>

namespace qnn_host {

// Two readings of float16's bits, side by side on the device. Both keep subnormals.
//
//   ieee      IEEE 754 binary16: results to nearest, ties to even; beyond 65520 infinity; NaN.
//   Matrix products and Add. extended  no infinity and no NaN: exponent 31 is one more binade,
//   65536..131008; results to nearest, ties away from
//             zero; what is larger sticks at bits 7fff. Multiply, Subtract and the other vector
//             operations.

/// Exact. Exponent 31: infinity, or a NaN.
double ieee_value(uint16_t half);
/// Correctly rounded, ties to even. A NaN gives the quiet NaN 7e00 with the sign.
uint16_t ieee_half(double value);

/// Exact and always finite: the largest magnitude is 131008.
double extended_value(uint16_t half);
/// Correctly rounded, ties away from zero, saturated at 7fff; so is a NaN.
uint16_t extended_half(double value);

}  // namespace qnn_host
