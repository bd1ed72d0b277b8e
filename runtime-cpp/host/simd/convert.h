#pragma once

#include <cstdint>

namespace qnn_host {

/// Exact. Infinity and NaN stay what they are.
void widen_run(const uint16_t* from, float* to, uint64_t count);
/// To nearest, ties to even. True when a result is infinite or NaN.
bool narrow_run(const float* from, uint16_t* to, uint64_t count);
/// To nearest, ties away from zero. True when a result is outside the finite range; then they mean
/// nothing.
bool narrow_away_run(const float* from, uint16_t* to, uint64_t count);

/// to[j][i] = from[i][j] for i < rows, j < columns; strides are in elements.
void transpose(const float* from, uint64_t from_stride, uint64_t rows, uint64_t columns, float* to,
               uint64_t to_stride);

/// Whether a float16 has exponent 31, or a float32 is infinite or NaN.
bool outside_range(const uint16_t* values, uint64_t count);
bool outside_range(const float* values, uint64_t count);

}  // namespace qnn_host
