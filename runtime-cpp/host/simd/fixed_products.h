#pragma once

#include <cstdint>

namespace qnn_host {

/// How the rows of quantized weights lie.
enum class FixedForm : uint8_t {
  kBytes,    ///< int8
  kNibbles,  ///< int4, two to a byte, the first in the low half
  kBlocks,   ///< as kNibbles, each block of a row times a scale from 1 to 16
};

struct FixedRows {
  FixedForm form = FixedForm::kBytes;
  const uint8_t* data = nullptr;
  uint64_t depth = 0;  ///< weights in a row; a multiple of 4 unless they are bytes
  /// kBlocks: weights in a block, a power of two from 16 on, and the scales [row][block], behind
  /// which 8 bytes more can be read.
  uint64_t block = 0;
  const uint8_t* block_scales = nullptr;

  uint64_t row_bytes() const { return form == FixedForm::kBytes ? depth : depth / 2; }
};

/// Longest row whose sums of 16-bit times 8-bit numbers, and what becomes of them, fit.
constexpr uint64_t kMostFixedDepth = 1 << 16;

/// Rows of x in the order in which the weights meet them, padded with zeros: so many numbers each.
uint64_t fixed_operand_size(const FixedRows& weights);
/// x - 32768, which fits 16 bits with a sign.
void arrange_fixed(const FixedRows& weights, const uint16_t* x, int16_t* to);
/// All ones: gives the sums of the weights.
void arrange_ones(const FixedRows& weights, int16_t* to);

/// sums[t * count + i] = sum_k x[t][k] * w[first + i][k], exactly, for `rows` arranged rows of x.
void multiply_fixed(const FixedRows& weights, uint64_t first, uint64_t count, const int16_t* x,
                    uint64_t rows, int64_t* sums);

/// y[i] = fixed_linear_result(sums[i], {addends[i], multipliers[i]}, y_offset).
void finish_fixed(const int64_t* sums, const double* addends, const double* multipliers,
                  int32_t y_offset, uint64_t count, uint16_t* y);

/// A row of weights as half_weight gives them; `scale` is a float16 number.
void decode_row(const FixedRows& weights, uint64_t row, float scale, uint16_t* to);

}  // namespace qnn_host
