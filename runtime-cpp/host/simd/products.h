#pragma once

#include <cstdint>

namespace qnn_host {

// Products accumulate in float32, in as many partial sums as there are lanes; the result of n
// summands differs from the exact sum by at most n 2^-24 times the sum of their magnitudes.

/// out[i] = sum_k rows[i * stride + k] * x[k] for `count` rows of `n`.
void dot_rows(const uint16_t* rows, uint64_t stride, uint64_t count, uint64_t n, const float* x,
              float* out);
void dot_rows(const float* rows, uint64_t stride, uint64_t count, uint64_t n, const float* x,
              float* out);

/// out[j] += a[k] * rows[k * stride + j] for all k of `count`, j of `n`.
void add_rows(const float* a, const uint16_t* rows, uint64_t stride, uint64_t count, uint64_t n,
              float* out);
void add_rows(const float* a, const float* rows, uint64_t stride, uint64_t count, uint64_t n,
              float* out);

/// out[r][j] += sum_k a[k][r] * b[k][j], a[depth][rows], b[depth][columns]: an outer product for
/// each k. Where a[k][r] is zero nothing is added, whatever b holds: 0 times infinity is 0 here.
void add_outer_products(const uint16_t* a, uint64_t rows, uint64_t depth, const uint16_t* b,
                        uint64_t columns, float* out);
void add_outer_products(const float* a, uint64_t rows, uint64_t depth, const float* b,
                        uint64_t columns, float* out);

/// The same for few products and without what out held, rounded to float16, ties to even. False
/// when this is for add_outer_products to do: for other sizes, and where a result is outside the
/// finite range; what out holds then is of no use.
bool few_outer_products(const uint16_t* a, uint64_t rows, uint64_t depth, const uint16_t* b,
                        uint64_t columns, uint16_t* out);

/// Columns of x that multiply_block takes at once.
constexpr uint64_t kBlockColumns = 64;
/// out[i][t] = sum_k rows[i * stride + k] * x[k][t], for `columns` t (a multiple of 16, at most
/// kBlockColumns); rows of x and of out have kBlockColumns numbers. x[n][kBlockColumns],
/// out[count][kBlockColumns].
void multiply_block(const uint16_t* rows, uint64_t stride, uint64_t count, uint64_t n,
                    const float* x, uint64_t columns, float* out);
void multiply_block(const float* rows, uint64_t stride, uint64_t count, uint64_t n, const float* x,
                    uint64_t columns, float* out);

/// Reads all of it, and gives something that depends on every byte: for measuring.
uint64_t read_memory(const uint8_t* data, uint64_t bytes);

}  // namespace qnn_host
