#pragma once

#include <cstdint>

namespace qnn_host {

/// kSum is Add where the device adds as matrix products do: IEEE, ties to even, and two -0 make +0.
/// kProduct is a matrix product with one summand: IEEE as well, and 0 times infinity is 0. The
/// others compute in the extended range with ties away from zero. At float32 kSum and kAdd are the
/// same.
enum class Binary : uint8_t { kSum, kAdd, kSubtract, kMultiply, kMaximum, kMinimum, kProduct };

/// One run of an element-wise function: out[i] = f(a[i * a_step], b[i * b_step]), steps 0 or 1.
/// `out` may be `a` or `b` where that steps. The results are the reference kernels', bit for bit,
/// NaN's sign and payload aside.
void binary_run(Binary f, const uint16_t* a, bool a_steps, const uint16_t* b, bool b_steps,
                uint16_t* out, uint64_t count);
void binary_run(Binary f, const float* a, bool a_steps, const float* b, bool b_steps, float* out,
                uint64_t count);

/// out[i] = max(x[i], 0); float16 in the extended range.
void relu_run(const uint16_t* x, uint16_t* out, uint64_t count);

}  // namespace qnn_host
