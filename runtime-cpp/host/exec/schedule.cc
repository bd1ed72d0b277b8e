#include "schedule.h"

namespace qnn_host {
namespace {

const Node* through_reshapes(const std::vector<const Node*>& producers, uint32_t tensor) {
  const Node* node = producers[tensor];
  while (node != nullptr && node->type == "Reshape" && !node->inputs.empty())
    node = producers[node->inputs[0]];
  return node;
}

}  // namespace

std::vector<const Node*> producers_of(const GraphModel& model) {
  std::vector<const Node*> producers(model.tensors.size(), nullptr);
  for (const Node& node : model.nodes) {
    for (const uint32_t output : node.outputs) producers[output] = &node;
  }
  return producers;
}

Op op_of(const GraphModel& model, const Node& node, const std::vector<const Node*>& producers) {
  Op op{node, {}, {}, {}, &model};
  for (const uint32_t input : node.inputs) {
    op.inputs.push_back(&model.tensors[input]);
    op.producers.push_back(through_reshapes(producers, input));
  }
  for (const uint32_t output : node.outputs) op.outputs.push_back(&model.tensors[output]);
  return op;
}

bool make_steps(const GraphModel& model, const ExecutorOptions& options, std::vector<Step>* steps,
                std::string* message) {
  const std::vector<const Node*> producers = producers_of(model);
  for (uint32_t i = 0; i < model.nodes.size(); ++i) {
    const Node& node = model.nodes[i];
    const OpEntry* entry = find_op(node.type);
    if (entry == nullptr) {
      *message = "node " + node.name + ": the host backend does not compute " + node.type;
      return false;
    }
    const Op op = op_of(model, node, producers);
    const std::string fault = entry->check(op);
    if (!fault.empty()) {
      *message = "node " + node.name + " (" + node.type + "): " + fault;
      return false;
    }
    Step step;
    step.nodes = {i};
    step.inputs = node.inputs;
    step.outputs = node.outputs;
    if (!moves_of(model, node, &step.moves)) {
      std::unique_ptr<Kernel> kernel;
      if (!options.reference_kernels) kernel = make_fast_kernel(op);
      if (kernel == nullptr) kernel = entry->reference(op);
      step.kernel = std::move(kernel);
    }
    steps->push_back(std::move(step));
  }
  return true;
}

}  // namespace qnn_host
