#include "half_rules.h"

#include "shapes.h"

namespace qnn_host {
namespace {

bool is_constant_row(const Tensor& tensor, const Dims& out) {
  return tensor.is_static() && !tensor.dims.empty() && tensor.dims.back() == out.back() &&
         product(tensor.dims) == out.back();
}

bool add_is_ieee(const Tensor& first, const Tensor& second, const Dims& out) {
  if (out.empty() || out.back() < 16 || second.elements() != product(out)) return false;
  return first.elements() == product(out) || is_constant_row(first, out);
}

}  // namespace

bool add_is_ieee(const Op& add) {
  return add_is_ieee(*add.inputs[0], *add.inputs[1], add.outputs[0]->dims);
}

bool is_fused_activation(const Op& op) {
  const Node* producer = op.producers.empty() ? nullptr : op.producers[0];
  if (producer == nullptr) return false;
  if (producer->type == "FullyConnected" || producer->type == "Conv2d" ||
      producer->type == "MatMul")
    return true;
  if (producer->type != "ElementWiseAdd") return false;
  if (op.model == nullptr) return true;
  const std::vector<Tensor>& tensors = op.model->tensors;
  return add_is_ieee(tensors[producer->inputs[0]], tensors[producer->inputs[1]],
                     tensors[producer->outputs[0]].dims);
}

bool rounds_once(const Op& multiply, const Op& add) {
  const Dims& dims = add.outputs[0]->dims;
  return multiply.outputs[0] == add.inputs[0] && multiply.outputs[0]->dims == dims &&
         multiply.inputs[0]->dims == dims && is_constant_row(*multiply.inputs[1], dims) &&
         is_constant_row(*add.inputs[1], dims);
}

}  // namespace qnn_host
