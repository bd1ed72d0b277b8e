#include "tensor_trace.h"

#include <algorithm>
#include <cmath>

namespace rwkv {
namespace {

/// The manifest's word for a type of QNN, for its codec; false for types that have no float32.
bool dtype_of(const TensorInfo& info, Dtype& dtype) {
  switch (info.dtype) {
    case QNN_DATATYPE_FLOAT_16:
      dtype = Dtype::kFloat16;
      return true;
    case QNN_DATATYPE_FLOAT_32:
      dtype = Dtype::kFloat32;
      return true;
    case QNN_DATATYPE_UFIXED_POINT_16:
      dtype = Dtype::kUint16;
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<TensorTrace> TensorTrace::create(const GraphRunner& runner,
                                        const std::vector<std::string>& names) {
  const Graph& graph = runner.graph();
  TensorTrace trace(runner);
  for (const std::string& name : names) {
    const int at = graph.find_output(name);
    if (at < 0) {
      return input_error("trace/no-tensor",
                         "graph " + graph.name() + " has no tensor " + name + " that can be read",
                         "A constant or an input cannot be traced.");
    }
    RWKV_TRY(trace.add(static_cast<size_t>(at)));
  }
  Dtype ignored;
  for (size_t i = 0; names.empty() && i < graph.outputs().size(); ++i) {
    if (dtype_of(graph.outputs()[i], ignored)) RWKV_TRY(trace.add(i));
  }
  return trace;
}

Status TensorTrace::add(size_t output) {
  Tensor tensor;
  tensor.info = &runner_->graph().outputs()[output];
  tensor.output = output;
  tensor.offset = row_values_;
  Dtype dtype;
  if (!dtype_of(*tensor.info, dtype)) {
    return input_error("trace/type", "tensor " + tensor.info->name + " is " +
                                         tensor.info->describe() + ": it has no float32 values");
  }
  RWKV_ASSIGN(tensor.codec, ElementCodec::create(dtype, *tensor.info));
  row_values_ += tensor.info->elements();
  tensors_.push_back(std::move(tensor));
  return Done{};
}

void TensorTrace::read(float* row) const {
  for (const Tensor& tensor : tensors_) {
    tensor.codec.read_all(runner_->output(tensor.output), tensor.info->elements(),
                          row + tensor.offset);
  }
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
