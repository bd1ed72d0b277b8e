#include "multiply_add.h"

#include "ops/half_rules.h"
#include "schedule.h"
#include "simd/element_wise.h"

namespace qnn_host {
namespace {

/// y = x * w + b by rows of w and b.
class MultiplyAdd : public Kernel {
 public:
  MultiplyAdd(uint64_t rows, uint64_t width) : rows_(rows), width_(width) {}

  void run(const Buffers& buffers) const override {
    const auto* x = static_cast<const uint16_t*>(buffers.inputs[0]);
    const auto* w = static_cast<const uint16_t*>(buffers.inputs[1]);
    const auto* b = static_cast<const uint16_t*>(buffers.inputs[2]);
    auto* y = static_cast<uint16_t*>(buffers.outputs[0]);
    for (uint64_t row = 0; row < rows_; ++row, x += width_, y += width_)
      multiply_add_run(x, w, b, y, width_);
  }
  bool may_overwrite(size_t input) const override { return input == 0; }

 private:
  const uint64_t rows_, width_;
};

bool is_float16(const Op& op) {
  return op.outputs[0]->dtype == QNN_DATATYPE_FLOAT_16;
}

}  // namespace

void join_multiply_adds(const GraphModel& model, std::vector<Step>* steps) {
  const std::vector<const Node*> producers = producers_of(model);
  std::vector<uint32_t> maker(model.tensors.size(), UINT32_MAX);
  std::vector<uint32_t> readers(model.tensors.size(), 0);
  for (uint32_t i = 0; i < steps->size(); ++i) {
    for (const uint32_t output : (*steps)[i].outputs) maker[output] = i;
    for (const uint32_t input : (*steps)[i].inputs) ++readers[input];
  }
  std::vector<bool> gone(steps->size(), false);
  for (Step& step : *steps) {
    const Node& node = model.nodes[step.nodes.back()];
    if (step.nodes.size() != 1 || node.type != "ElementWiseAdd") continue;
    const uint32_t product = node.inputs[0];
    const Node* multiply = producers[product];
    if (multiply == nullptr || multiply->type != "ElementWiseMultiply") continue;
    const Op first = op_of(model, *multiply, producers), second = op_of(model, node, producers);
    if (!is_float16(second) || !rounds_once(first, second)) continue;
    const uint64_t width = second.outputs[0]->dims.back();
    const uint32_t before = maker[product];
    step.nodes.insert(step.nodes.begin(), (*steps)[before].nodes[0]);
    step.inputs = {multiply->inputs[0], multiply->inputs[1], node.inputs[1]};
    step.kernel = std::make_shared<MultiplyAdd>(second.outputs[0]->elements() / width, width);
    gone[before] = --readers[product] == 0 && model.tensors[product].type == QNN_TENSOR_TYPE_NATIVE;
  }
  std::vector<Step> left;
  for (uint32_t i = 0; i < steps->size(); ++i) {
    if (!gone[i]) left.push_back(std::move((*steps)[i]));
  }
  *steps = std::move(left);
}

}  // namespace qnn_host
