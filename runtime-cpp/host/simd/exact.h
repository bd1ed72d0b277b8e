#pragma once

#include <cstdint>

#include "numerics/dot.h"
#include "numerics/float16.h"

namespace qnn_host {

inline double exact_value(uint16_t value) {
  return ieee_value(value);
}
inline double exact_value(float value) {
  return static_cast<double>(value);
}

/// sum_k a[k * a_step] * b[k * b_step] as the reference kernels compute it. For sums that came out
/// infinite or NaN: with infinite operands, and only then, it is another one (0 times infinity).
template <typename A, typename B>
double exact_dot(const A* a, uint64_t a_step, const B* b, uint64_t b_step, uint64_t n) {
  double sum = 0.0;
  for (uint64_t k = 0; k < n; ++k)
    sum += device_product(exact_value(a[k * a_step]), exact_value(b[k * b_step]));
  return sum;
}

inline void store_exact(double value, uint16_t* to) {
  *to = ieee_half(value);
}
inline void store_exact(double value, float* to) {
  *to = static_cast<float>(value);
}

inline bool is_outside(uint16_t value) {
  return (value & 0x7C00) == 0x7C00;
}
inline bool is_outside(float value) {
  return !(value - value == 0.0f);
}

}  // namespace qnn_host
