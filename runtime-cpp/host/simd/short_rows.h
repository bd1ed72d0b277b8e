#pragma once

#include "fixed_products.h"

namespace qnn_host {

/// multiply_fixed for one row of x and rows of 4-bit weights without blocks, several of which fill
/// a vector. Gives how many rows, from the first on, it has done: none for other rows.
uint64_t multiply_short_rows(const FixedRows& weights, uint64_t first, uint64_t count,
                             const int16_t* x, uint64_t x_step, int64_t* sums);

}  // namespace qnn_host
