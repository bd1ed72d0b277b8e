#include "half_rules.h"

#include "shapes.h"

namespace qnn_host {
namespace {

bool add_is_ieee(const Dims& first, const Dims& second, const Dims& out) {
  if (out.empty() || first.empty()) return false;
  const uint64_t elements = product(out);
  if (out.back() < 16 || product(second) != elements) return false;
  return product(first) == elements || (first.back() == out.back() && product(first) == out.back());
}

bool is_constant_row(const Tensor& tensor, const Dims& out) {
  return tensor.is_static() && !tensor.dims.empty() && tensor.dims.back() == out.back() &&
         product(tensor.dims) == out.back();
}

}  // namespace

bool add_is_ieee(const Op& add) {
  return add_is_ieee(add.inputs[0]->dims, add.inputs[1]->dims, add.outputs[0]->dims);
}

bool is_fused_activation(const Op& op) {
  const Node* producer = op.producers.empty() ? nullptr : op.producers[0];
  if (producer == nullptr) return false;
  if (producer->type == "FullyConnected" || producer->type == "Conv2d" ||
      producer->type == "MatMul")
    return true;
  if (producer->type != "ElementWiseAdd") return false;
  if (op.model == nullptr) return true;
  const auto dims = [&](uint32_t tensor) { return op.model->tensors[tensor].dims; };
  return add_is_ieee(dims(producer->inputs[0]), dims(producer->inputs[1]),
                     dims(producer->outputs[0]));
}

bool rounds_once(const Op& multiply, const Op& add) {
  const Dims& dims = add.outputs[0]->dims;
  return multiply.outputs[0] == add.inputs[0] && multiply.outputs[0]->dims == dims &&
         multiply.inputs[0]->dims == dims && is_constant_row(*multiply.inputs[1], dims) &&
         is_constant_row(*add.inputs[1], dims);
}

}  // namespace qnn_host
