#include "graph_builder.h"

#include "QnnGraph.h"
#include "QnnTensor.h"
#include "op_config.h"

namespace qnn_host {

Fault GraphBuilder::check_tensor(const Tensor& tensor) const {
  if (by_name_.count(tensor.name) > 0)
    return {QNN_TENSOR_ERROR_ALREADY_EXISTS,
            "graph " + model_.name + " has a tensor " + tensor.name + " already"};
  if (by_id_.count(tensor.id) > 0)
    return {QNN_TENSOR_ERROR_ALREADY_EXISTS, "graph " + model_.name + " has a tensor of id " +
                                                 std::to_string(tensor.id) + " already"};
  return {};
}

Fault GraphBuilder::add_tensor(Tensor tensor) {
  if (Fault fault = check_tensor(tensor)) return fault;
  const auto place = static_cast<uint32_t>(model_.tensors.size());
  written_.resize(place);
  // In this order, so that nothing points at a tensor that is not there when memory runs out.
  written_.push_back(tensor.type == QNN_TENSOR_TYPE_APP_WRITE || tensor.is_static());
  model_.tensors.push_back(std::move(tensor));
  const Tensor& added = model_.tensors.back();
  by_id_.emplace(added.id, place);
  by_name_.emplace(added.name, place);
  return {};
}

Fault GraphBuilder::add_node(Node node) {
  if (node_names_.count(node.name) > 0)
    return {QNN_GRAPH_ERROR_INVALID_OP_CONFIG,
            "graph " + model_.name + " has a node " + node.name + " already"};
  if (!exists(node.inputs) || !exists(node.outputs))
    return {QNN_GRAPH_ERROR_INVALID_TENSOR,
            "node " + node.name + " has a tensor that is not there"};
  if (Fault fault = check_inputs(node)) return fault;
  if (Fault fault = check_outputs(node)) return fault;
  Op op{node, {}, {}, {}};
  for (const uint32_t place : node.inputs) op.inputs.push_back(&model_.tensors[place]);
  for (const uint32_t place : node.outputs) op.outputs.push_back(&model_.tensors[place]);
  op.producers.resize(op.inputs.size());
  if (const Fault fault = check_op(op)) return {QNN_GRAPH_ERROR_INVALID_OP_CONFIG, fault.text};
  model_.nodes.push_back(std::move(node));
  const Node& added = model_.nodes.back();
  for (const uint32_t place : added.outputs) written_[place] = true;
  node_names_.insert(added.name);
  return {};
}

bool GraphBuilder::exists(const std::vector<uint32_t>& places) const {
  for (const uint32_t place : places) {
    if (place >= model_.tensors.size()) return false;
  }
  return true;
}

Fault GraphBuilder::check_inputs(const Node& node) const {
  for (const uint32_t place : node.inputs) {
    if (!written_[place])
      return {QNN_GRAPH_ERROR_UNCONNECTED_NODE, "node " + node.name + " reads tensor " +
                                                    model_.tensors[place].name +
                                                    ", which no node before it writes"};
  }
  return {};
}

Fault GraphBuilder::check_outputs(const Node& node) const {
  std::unordered_set<uint32_t> own;
  for (const uint32_t place : node.outputs) {
    const Tensor& tensor = model_.tensors[place];
    if (tensor.type != QNN_TENSOR_TYPE_NATIVE && tensor.type != QNN_TENSOR_TYPE_APP_READ)
      return {QNN_GRAPH_ERROR_INVALID_TENSOR,
              "node " + node.name + " writes tensor " + tensor.name + ", which is " +
                  (tensor.is_static() ? "static" : "an input of the graph")};
    if (written_[place] || !own.insert(place).second)
      return {QNN_GRAPH_ERROR_INVALID_TENSOR,
              "node " + node.name + " writes tensor " + tensor.name + ", which is written already"};
  }
  return {};
}

Fault GraphBuilder::check_complete() const {
  const auto fail = [&](const std::string& problem) -> Fault {
    return {QNN_GRAPH_ERROR_FINALIZE_FAILED, "graph " + model_.name + " " + problem};
  };
  if (model_.nodes.empty()) return fail("has no nodes");
  for (size_t i = 0; i < model_.tensors.size(); ++i) {
    if (!written_[i] && model_.tensors[i].type == QNN_TENSOR_TYPE_APP_READ)
      return fail("has an output " + model_.tensors[i].name + " that no node writes");
  }
  return {};
}

int64_t GraphBuilder::find(uint32_t id, const char* name) const {
  const auto with_id = by_id_.find(id);
  if (with_id != by_id_.end()) {
    const bool agrees =
        name == nullptr || *name == '\0' || model_.tensors[with_id->second].name == name;
    return agrees ? int64_t{with_id->second} : -1;
  }
  if (name == nullptr) return -1;
  const auto with_name = by_name_.find(name);
  return with_name != by_name_.end() ? int64_t{with_name->second} : -1;
}

}  // namespace qnn_host
