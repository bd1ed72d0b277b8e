#pragma once

#include <cstdint>

namespace qnn_host {

/// kSum is Add where the device adds as matrix products do: IEEE, ties to even, and two -0 make +0.
/// kProduct is a matrix product with one summand: IEEE as well, and 0 times infinity is 0. The
/// others compute in the extended range with ties away from zero. At float32 kSum and kAdd are the
/// same.
enum class Binary : uint8_t { kSum, kAdd, kSubtract, kMultiply, kMaximum, kMinimum, kProduct };

/// An operand as it is read: from row to row and within a row, in elements.
template <typename T>
struct RowsOf {
  const T* data;
  uint64_t row_step;
  bool steps;  ///< within a row by one element; else the row is one number
};

/// out[r][i] = f(a[r][i], b[r][i]) for `rows` rows of `count`, which lie one behind the other in
/// `out` at `out_step`. `out` may be `a` or `b` where that is laid out the same. The results are
/// the reference kernels', bit for bit, NaN's sign and payload aside.
void binary_rows(Binary f, const RowsOf<uint16_t>& a, const RowsOf<uint16_t>& b, uint16_t* out,
                 uint64_t out_step, uint64_t rows, uint64_t count);
void binary_rows(Binary f, const RowsOf<float>& a, const RowsOf<float>& b, float* out,
                 uint64_t out_step, uint64_t rows, uint64_t count);

/// out[i] = x[i] * w[i] + b[i], rounded once, in the extended range with ties away from zero. `out`
/// may be `x`.
void multiply_add_run(const uint16_t* x, const uint16_t* w, const uint16_t* b, uint16_t* out,
                      uint64_t count);

/// out[i] = max(x[i], 0); float16 in the extended range.
void relu_run(const uint16_t* x, uint16_t* out, uint64_t count);

}  // namespace qnn_host
