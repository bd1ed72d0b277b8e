#include "reciprocal.h"

#include <cmath>

#include "float16.h"

namespace qnn_host {

double half_reciprocal(double b) {
  if (std::fabs(b) > 16384.0) return std::copysign(0.0, b);
  return extended_value(extended_half(1.0 / b));
}

}  // namespace qnn_host
