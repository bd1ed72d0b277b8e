#include "overflow_watch.h"

#include <cmath>

#include "numerics/float16.h"
#include "simd/convert.h"

namespace qnn_host {
namespace {

/// Whether the node's results are IEEE numbers, so that exponent 31 is infinity or NaN and not a
/// number beyond the range. Sums are told apart by what they give: only IEEE's give infinity.
bool is_ieee(const Node& node) {
  return node.type == "FullyConnected" || node.type == "Conv2d" || node.type == "MatMul" ||
         node.type == "ElementWiseAdd";
}

double value_at(const Tensor& tensor, const void* data, uint64_t index, bool ieee) {
  if (tensor.dtype == QNN_DATATYPE_FLOAT_32)
    return static_cast<double>(static_cast<const float*>(data)[index]);
  const uint16_t half = static_cast<const uint16_t*>(data)[index];
  return ieee ? ieee_value(half) : extended_value(half);
}

bool is_float(const Tensor& tensor) {
  return tensor.dtype == QNN_DATATYPE_FLOAT_16 || tensor.dtype == QNN_DATATYPE_FLOAT_32;
}

double largest_finite(const Tensor& tensor, const void* data) {
  double largest = 0;
  for (uint64_t i = 0; i < tensor.elements(); ++i) {
    const double value = std::fabs(value_at(tensor, data, i, true));
    if (std::isfinite(value) && value > largest) largest = value;
  }
  return largest;
}

}  // namespace

bool is_outside_range(const Tensor& tensor, const void* data) {
  if (tensor.dtype == QNN_DATATYPE_FLOAT_16)
    return outside_range(static_cast<const uint16_t*>(data), tensor.elements());
  if (tensor.dtype == QNN_DATATYPE_FLOAT_32)
    return outside_range(static_cast<const float*>(data), tensor.elements());
  return false;
}

OverflowReport::OverflowReport(const GraphModel& model, const Node& node, size_t output,
                               const void* output_data, const std::vector<const void*>& inputs) {
  const Tensor& tensor = model.tensors[node.outputs[output]];
  record_.node = node.name.c_str();
  record_.tensor = tensor.name.c_str();
  for (uint64_t i = tensor.elements(); i-- > 0;) {
    if (std::isfinite(value_at(tensor, output_data, i, true))) continue;
    ++record_.elements;
    record_.index = i;
  }
  record_.value = value_at(tensor, output_data, record_.index, is_ieee(node));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& input = model.tensors[node.inputs[i]];
    if (inputs[i] != nullptr && is_float(input))
      ranges_.push_back({input.name.c_str(), largest_finite(input, inputs[i])});
  }
  record_.inputCount = static_cast<uint32_t>(ranges_.size());
  record_.inputs = ranges_.data();
}

}  // namespace qnn_host
