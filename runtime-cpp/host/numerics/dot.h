#pragma once

namespace qnn_host {

/// One product of a matrix product: exact in double for float16 and float32. 0 times anything is 0,
/// as on the device: also times infinity or a NaN.
inline double device_product(double a, double b) {
  return a == 0.0 || b == 0.0 ? 0.0 : a * b;
}

}  // namespace qnn_host
