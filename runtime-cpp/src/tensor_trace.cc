#include "tensor_trace.h"

#include <algorithm>
#include <cmath>

namespace rwkv {
Result<TensorTrace> TensorTrace::create(const GraphRunner& runner,
                                        const std::vector<std::string>& names) {
  const Graph& graph = runner.graph();
  TensorTrace trace(runner);
  for (const std::string& name : names) {
    const int output = graph.find_output(name);
    const int input = graph.find_input(name);
    if (output < 0 && input < 0) {
      return input_error(
          "trace/no-tensor",
          "graph " + graph.name() + " has no tensor " + name + " that can be read",
          "A constant cannot be traced, and a context binary shows its outputs only.");
    }
    const size_t index = static_cast<size_t>(output < 0 ? input : output);
    const std::vector<TensorInfo>& infos = output < 0 ? graph.inputs() : graph.outputs();
    RWKV_TRY(trace.add(infos[index], output < 0, index));
  }
  for (size_t i = 0; names.empty() && i < graph.outputs().size(); ++i) {
    const TensorInfo& info = graph.outputs()[i];
    if (ElementCodec::has_values(info)) RWKV_TRY(trace.add(info, false, i));
  }
  return trace;
}

Status TensorTrace::add(const TensorInfo& info, bool is_input, size_t index) {
  Tensor tensor;
  tensor.info = &info;
  tensor.is_input = is_input;
  tensor.index = index;
  tensor.offset = row_values_;
  if (!ElementCodec::has_values(info)) {
    return input_error("trace/type", "tensor " + info.name + " is " + info.describe() +
                                         ": it has no float32 values");
  }
  RWKV_ASSIGN(tensor.codec, ElementCodec::create(info));
  row_values_ += info.elements();
  tensors_.push_back(std::move(tensor));
  return Done{};
}

void TensorTrace::read(float* row) const {
  for (const Tensor& tensor : tensors_) {
    const uint8_t* values =
        tensor.is_input ? runner_->input(tensor.index) : runner_->output(tensor.index);
    tensor.codec.read_all(values, tensor.info->elements(), row + tensor.offset);
  }
}

const float* TensorTrace::read(const Tensor& tensor, float* room) const {
  const uint8_t* values =
      tensor.is_input ? runner_->input(tensor.index) : runner_->output(tensor.index);
  const bool aligned = reinterpret_cast<uintptr_t>(values) % alignof(float) == 0;
  if (tensor.info->dtype == QNN_DATATYPE_FLOAT_32 && aligned) {
    return reinterpret_cast<const float*>(values);
  }
  tensor.codec.read_all(values, tensor.info->elements(), room);
  return room;
}

float TensorRange::largest() const {
  return std::max(std::fabs(low), std::fabs(high));
}

void TensorRange::add(const float* values, uint64_t count, uint64_t row) {
  for (uint64_t i = 0; i < count; ++i) {
    const float value = values[i];
    if (!std::isfinite(value)) {
      if (not_finite++ == 0) first_not_finite_at = row;
      continue;
    }
    if (finite == 0 || std::fabs(value) > largest()) largest_at = row;
    low = finite == 0 ? value : std::min(low, value);
    high = finite == 0 ? value : std::max(high, value);
    ++finite;
  }
}

}  // namespace rwkv
