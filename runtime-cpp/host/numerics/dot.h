#pragma once

namespace qnn_host {

/// One product of a matrix product: exact in double for float16 and float32. 0 times anything is 0,
/// also times infinity or a NaN. The device does the same for a zero of the second operand (a
/// weight). It skips a zero of the first operand only together with its neighbour, k = 2 i and 2 i
/// + 1: where one of the two is zero and the other is not, zero times infinity is NaN there, and 0
/// here.
inline double device_product(double a, double b) {
  return a == 0.0 || b == 0.0 ? 0.0 : a * b;
}

}  // namespace qnn_host
