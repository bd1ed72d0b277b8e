#include "fixed_linear.h"

#include <cmath>

#include "fixed_tensors.h"
#include "function_kernel.h"
#include "numerics/dot.h"
#include "numerics/float16.h"
#include "shapes.h"

namespace qnn_host {
namespace {

/// A bias scale is the products' when it differs by no more than float32's rounding.
constexpr double kSameScale = 1e-6;

bool is_weight_type(const Tensor& tensor) {
  return tensor.dtype == QNN_DATATYPE_SFIXED_POINT_8 ||
         tensor.dtype == QNN_DATATYPE_UFIXED_POINT_8 || tensor.dtype == QNN_DATATYPE_SFIXED_POINT_4;
}

std::string check_bias(const Op& op) {
  const Tensor &weight = *op.inputs[1], &bias = *op.inputs[2];
  if (bias.dtype != QNN_DATATYPE_SFIXED_POINT_32 || !bias.is_static())
    return "bias " + bias.name + " is " + dtype_name(bias.dtype) +
           ", sq32 and static was expected beside uq16";
  if (weight.encoding.is_per_axis()) {
    // The device takes such a bias for nothing.
    if (!bias.encoding.is_per_axis() && bias.encoding.scales[0] != 0.0f)
      return "bias " + bias.name +
             " has one scale beside weights with a scale per output: 0 (units of the products) or "
             "a scale per output was expected";
    return "";
  }
  if (bias.encoding.is_per_axis() || bias.encoding.scales[0] == 0.0f)
    return "bias " + bias.name + " must have one scale above 0 beside weights with one scale";
  return "";
}

/// The bias in units of the products, or 0.
double bias_of(const Op& op, uint64_t feature, double unit) {
  if (op.inputs.size() < 3) return 0.0;
  const Tensor& bias = *op.inputs[2];
  const double stored = stored_at(bias.data, bias.dtype, feature);
  if (op.inputs[1]->encoding.is_per_axis()) return stored;
  const double ratio = static_cast<double>(bias.encoding.scales[0]) / unit;
  return std::fabs(ratio - 1.0) < kSameScale ? stored : stored * ratio;
}

std::unique_ptr<Kernel> make_fixed(const Op& op, const WeightRows& weights, uint64_t rows) {
  std::vector<int64_t> row_sums(weights.features, 0);
  for (uint64_t m = 0; m < weights.features; ++m) {
    for (uint64_t k = 0; k < weights.depth; ++k) row_sums[m] += weights.at(m, k);
  }
  const std::vector<FixedSum> sums = fixed_sums(op, weights, row_sums);
  const int32_t y_offset = op.outputs[0]->encoding.offsets[0];
  return kernel_of([=](const Buffers& buffers) {
    const auto* x = in<uint16_t>(buffers, 0);
    auto* y = out<uint16_t>(buffers);
    for (uint64_t t = 0; t < rows; ++t, x += weights.depth) {
      for (uint64_t m = 0; m < weights.features; ++m) {
        int64_t sum = 0;
        for (uint64_t k = 0; k < weights.depth; ++k)
          sum += static_cast<int64_t>(x[k]) * weights.at(m, k);
        *y++ = fixed_linear_result(sum, sums[m], y_offset);
      }
    }
  });
}

std::unique_ptr<Kernel> make_half(const Op& op, const WeightRows& weights, uint64_t rows) {
  const bool has_bias = op.inputs.size() == 3;
  return kernel_of([=](const Buffers& buffers) {
    const auto* x = in<uint16_t>(buffers, 0);
    const auto* bias = has_bias ? in<uint16_t>(buffers, 2) : nullptr;
    auto* y = out<uint16_t>(buffers);
    for (uint64_t m = 0; m < weights.features; ++m) {
      std::vector<double> row(weights.depth);
      for (uint64_t k = 0; k < weights.depth; ++k)
        row[k] = ieee_value(half_weight(weights.at(m, k), weights.scale(m)));
      for (uint64_t t = 0; t < rows; ++t) {
        double sum = 0.0;
        for (uint64_t k = 0; k < weights.depth; ++k)
          sum += device_product(ieee_value(x[t * weights.depth + k]), row[k]);
        if (bias != nullptr) sum += ieee_value(bias[m]);
        y[t * weights.features + m] = ieee_half(sum);
      }
    }
  });
}

}  // namespace

int32_t WeightRows::at(uint64_t feature, uint64_t k) const {
  const Encoding& encoding = tensor->encoding;
  const int32_t stored =
      stored_at(tensor->data, tensor->dtype, feature * feature_step + k * depth_step);
  if (encoding.blocks != 0)
    return stored *
           encoding.block_scales[feature * encoding.blocks + k / (depth / encoding.blocks)];
  return stored + encoding.offsets[encoding.is_per_axis() ? feature : 0];
}

float WeightRows::scale(uint64_t feature) const {
  return tensor->encoding.scales[tensor->encoding.is_per_axis() ? feature : 0];
}

std::string check_fixed_linear(const Op& op, uint32_t feature_axis) {
  const Tensor &x = *op.inputs[0], &weight = *op.inputs[1], &y = *op.outputs[0];
  if (!is_weight_type(weight))
    return "weight " + weight.name + " is " + dtype_name(weight.dtype) +
           ", sq8, uq8 or sq4 was expected";
  if (!weight.is_static()) return "weight " + weight.name + " of 8 bits or fewer must be static";
  if (weight.encoding.is_per_axis() && weight.encoding.axis != feature_axis)
    return "weight " + weight.name + " has scales along axis " +
           std::to_string(weight.encoding.axis) + ", axis " + std::to_string(feature_axis) +
           ", the outputs, was expected";
  if (x.dtype == QNN_DATATYPE_FLOAT_16) {
    if (weight.dtype == QNN_DATATYPE_UFIXED_POINT_8 || weight.encoding.blocks != 0)
      return "weight " + weight.name +
             " beside float16 must be sq8 or sq4 with a scale for all or per output";
    for (size_t i = 2; i < op.inputs.size(); ++i) {
      if (op.inputs[i]->dtype != QNN_DATATYPE_FLOAT_16)
        return "bias " + op.inputs[i]->name + " is " + dtype_name(op.inputs[i]->dtype) +
               ", f16 was expected";
    }
    return y.dtype == QNN_DATATYPE_FLOAT_16 ? "" : "output " + y.name + " must be f16 as the input";
  }
  if (x.dtype != QNN_DATATYPE_UFIXED_POINT_16 || y.dtype != QNN_DATATYPE_UFIXED_POINT_16)
    return "input " + x.name + " is " + dtype_name(x.dtype) + ", output " + y.name + " is " +
           dtype_name(y.dtype) + ": with such weights uq16 or f16 is computed";
  return op.inputs.size() == 3 ? check_bias(op) : "";
}

std::vector<FixedSum> fixed_sums(const Op& op, const WeightRows& weights,
                                 const std::vector<int64_t>& row_sums) {
  const FixedCode x = code_of(*op.inputs[0]), y = code_of(*op.outputs[0]);
  std::vector<FixedSum> sums(weights.features);
  for (uint64_t m = 0; m < weights.features; ++m) {
    const double unit = x.scale * static_cast<double>(weights.scale(m));
    sums[m] = {fixed_addend(x.offset, row_sums[m], bias_of(op, m, unit)), 256.0 * unit / y.scale};
  }
  return sums;
}

std::unique_ptr<Kernel> make_fixed_linear(const Op& op, const WeightRows& weights, uint64_t rows) {
  return op.inputs[0]->dtype == QNN_DATATYPE_FLOAT_16 ? make_half(op, weights, rows)
                                                      : make_fixed(op, weights, rows);
}

WeightRows fully_connected_rows(const Op& op) {
  const Dims& dims = op.inputs[1]->dims;
  return {op.inputs[1], dims[0], dims[1], dims[1], 1};
}

}  // namespace qnn_host
