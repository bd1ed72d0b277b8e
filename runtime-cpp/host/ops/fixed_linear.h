#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernel.h"
#include "numerics/fixed_point.h"

namespace qnn_host {

// Linear layers with quantized static weights: FullyConnected, Conv2d of one cell and MatMul share
// the formula of numerics/fixed_point.h and differ in how the weights lie.

/// Weights as rows of `depth` for each of `features` outputs.
struct WeightRows {
  const Tensor* tensor = nullptr;
  uint64_t features = 0, depth = 0;
  uint64_t feature_step = 0, depth_step = 0;  ///< in elements

  /// The integer of one weight, its block's scale included.
  int32_t at(uint64_t feature, uint64_t k) const;
  /// Scale of an output's weights; with blocks the one that the block's multiplies.
  float scale(uint64_t feature) const;
};

/// What the types of x, weight, bias (where there is one) and y must be for quantized weights, and
/// their encodings; `feature_axis` is the weights' axis that may have scales. Empty, or what is
/// wrong.
std::string check_fixed_linear(const Op& op, uint32_t feature_axis);

/// Of each output, the addend and the multiplier, from the sums of the weights' rows.
std::vector<FixedSum> fixed_sums(const Op& op, const WeightRows& weights,
                                 const std::vector<int64_t>& row_sums);

/// Plain kernel for `rows` rows of x, one behind the other: 16-bit fixed point or float16 (weights
/// as half_weight; the sum in float64, rounded once).
std::unique_ptr<Kernel> make_fixed_linear(const Op& op, const WeightRows& weights, uint64_t rows);

/// The weights of a FullyConnected.
WeightRows fully_connected_rows(const Op& op);

}  // namespace qnn_host
