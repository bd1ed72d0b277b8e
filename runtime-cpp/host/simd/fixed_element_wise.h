#pragma once

#include <cstdint>

#include "element_wise.h"
#include "numerics/fixed_point.h"

namespace qnn_host {

// Element-wise functions of uint16 fixed point: the reference kernels' bits.

/// As binary_rows: fixed_round(fixed_combine(f, a, b)).
void fixed_binary_rows(FixedBinary f, const FixedOperands& operands, const FixedCode& code,
                       const RowsOf<uint16_t>& a, const RowsOf<uint16_t>& b, uint16_t* out,
                       uint64_t out_step, uint64_t rows, uint64_t count);
/// max(x, 0) in the output's code.
void fixed_relu_run(const FixedCode& from, const FixedCode& to, const uint16_t* x, uint16_t* out,
                    uint64_t count);
/// x in another code.
void fixed_convert_run(const FixedCode& from, const FixedCode& to, const uint16_t* x, uint16_t* out,
                       uint64_t count);
/// float16, read in the extended range, to fixed point and back.
void quantize_run(const FixedCode& to, const uint16_t* x, uint16_t* out, uint64_t count);
void dequantize_run(const FixedCode& from, const uint16_t* x, uint16_t* out, uint64_t count);

/// LayerNorm of one row; gamma and beta as numbers.
void fixed_layer_norm_row(const FixedCode& from, const FixedCode& to, double epsilon,
                          const double* gamma, const double* beta, const uint16_t* x, uint16_t* out,
                          uint64_t count);

}  // namespace qnn_host
