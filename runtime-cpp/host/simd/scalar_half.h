#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "element_wise.h"
#include "numerics/dot.h"
#include "numerics/formats.h"

namespace qnn_host {

/// f(a, b) as the reference kernels define it: what vectors fall back to where a value is outside
/// float16's finite range.
inline uint16_t scalar_half(Binary f, uint16_t a, uint16_t b) {
  if (f == Binary::kSum) return IeeeHalf::store(0.0 + IeeeHalf::load(a) + IeeeHalf::load(b));
  if (f == Binary::kProduct)
    return IeeeHalf::store(device_product(IeeeHalf::load(a), IeeeHalf::load(b)));
  const double left = ExtendedHalf::load(a), right = ExtendedHalf::load(b);
  switch (f) {
    case Binary::kAdd:
      return ExtendedHalf::store(left + right);
    case Binary::kSubtract:
      return ExtendedHalf::store(left - right);
    case Binary::kMultiply:
      return ExtendedHalf::store(left * right);
    case Binary::kMaximum:
      return left > right ? a : b;
    default:
      return left < right ? a : b;
  }
}

inline uint16_t scalar_multiply_add(uint16_t x, uint16_t w, uint16_t b) {
  return ExtendedHalf::store(ExtendedHalf::load(x) * ExtendedHalf::load(w) + ExtendedHalf::load(b));
}

}  // namespace qnn_host
