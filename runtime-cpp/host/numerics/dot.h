#pragma once

#include <cstddef>

namespace qnn_host {

/// One product of a matrix product: exact in double for float16 and float32; 0 times infinity is 0,
/// as on the device. (IEEE's NaN otherwise, and where a NaN goes in.)
inline double device_product(double a, double b) {
  const double exact = a * b;
  return exact == exact || a != a || b != b ? exact : 0.0;
}

}  // namespace qnn_host
