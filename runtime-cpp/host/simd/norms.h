#pragma once

#include <cstdint>

namespace qnn_host {

/// row = (row - mean) / sqrt(variance + epsilon) * gamma + beta, in place. Null gamma: 1; null
/// beta: 0.
void layer_norm_row(float* row, uint64_t count, float epsilon, const uint16_t* gamma,
                    const uint16_t* beta);
/// row = row / sqrt(max(sum of squares, least)), in place.
void l2_norm_row(float* row, uint64_t count, float least);

}  // namespace qnn_host
