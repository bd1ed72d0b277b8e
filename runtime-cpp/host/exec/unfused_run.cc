#include "unfused_run.h"

#include "schedule.h"

namespace qnn_host {
namespace {

/// Memory of all tensors, given back after their last reader.
class Memory {
 public:
  Memory(const GraphModel& model, void* const* buffers)
      : model_(model), buffers_(buffers), own_(model.tensors.size()), last_(model.tensors.size()) {
    for (uint32_t i = 0; i < model.nodes.size(); ++i) {
      for (const uint32_t input : model.nodes[i].inputs) last_[input] = i;
    }
  }

  void* at(uint32_t tensor) {
    const Tensor& described = model_.tensors[tensor];
    if (described.is_static()) return const_cast<uint8_t*>(described.data);
    if (described.type == QNN_TENSOR_TYPE_APP_WRITE) return buffers_[tensor];
    // Outputs too: the client's buffers hold what the execution gave.
    if (own_[tensor].empty()) own_[tensor].resize(described.bytes());
    return own_[tensor].data();
  }

  void forget(const Node& node, uint32_t index) {
    for (const uint32_t input : node.inputs) {
      if (last_[input] == index) std::vector<uint8_t>().swap(own_[input]);
    }
  }

 private:
  const GraphModel& model_;
  void* const* buffers_;
  std::vector<std::vector<uint8_t>> own_;
  std::vector<uint32_t> last_;
};

}  // namespace

std::unique_ptr<OverflowReport> find_overflow(
    const GraphModel& model, const std::vector<std::shared_ptr<const Kernel>>& kernels,
    void* const* buffers) {
  Memory memory(model, buffers);
  std::vector<bool> outside(model.tensors.size(), false);
  for (uint32_t i = 0; i < model.tensors.size(); ++i) {
    const Tensor& tensor = model.tensors[i];
    if (tensor.type == QNN_TENSOR_TYPE_APP_WRITE) outside[i] = is_outside_range(tensor, buffers[i]);
  }
  const std::vector<const Node*> producers = producers_of(model);
  for (uint32_t index = 0; index < model.nodes.size(); ++index) {
    const Node& node = model.nodes[index];
    std::shared_ptr<const Kernel> kernel = kernels[index];
    if (kernel == nullptr) kernel = find_op(node.type)->reference(op_of(model, node, producers));
    std::vector<const void*> inputs;
    std::vector<void*> outputs;
    bool inside = true;
    for (const uint32_t input : node.inputs) {
      inputs.push_back(memory.at(input));
      inside = inside && !outside[input];
    }
    for (const uint32_t output : node.outputs) outputs.push_back(memory.at(output));
    kernel->run({inputs.data(), outputs.data(), nullptr});
    for (size_t i = 0; i < outputs.size(); ++i) {
      const uint32_t output = node.outputs[i];
      outside[output] = is_outside_range(model.tensors[output], outputs[i]);
      if (outside[output] && inside)
        return std::make_unique<OverflowReport>(model, node, i, outputs[i], inputs);
    }
    memory.forget(node, index);
  }
  return nullptr;
}

}  // namespace qnn_host
