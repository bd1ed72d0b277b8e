#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "../api/fault.h"
#include "graph_model.h"

namespace qnn_host {

/// Builds a GraphModel piece by piece. Every piece is checked against what is there: names and ids
/// are unique, nodes come in the order of execution, each tensor is written once, every node can be
/// computed.
class GraphBuilder {
 public:
  explicit GraphBuilder(std::string name) { model_.name = std::move(name); }

  const GraphModel& model() const { return model_; }

  /// Whether a tensor of this name would be taken: QNN_TENSOR_ERROR_ALREADY_EXISTS.
  Fault check_tensor(const Tensor& tensor) const;
  Fault add_tensor(Tensor tensor);

  /// `node` names its tensors by their places. QNN_GRAPH_ERROR_INVALID_OP_CONFIG,
  /// ..._INVALID_TENSOR or ..._UNCONNECTED_NODE.
  Fault add_node(Node node);

  /// QNN_GRAPH_ERROR_FINALIZE_FAILED when the graph is empty or does not write one of its outputs.
  Fault check_complete() const;

  /// Place of the tensor with this id, or, when no tensor has it, with this name (may be null).
  /// Where id and name are of two tensors, none. -1: none.
  int64_t find(uint32_t id, const char* name) const;

 private:
  Fault check_inputs(const Node& node) const;
  Fault check_outputs(const Node& node) const;
  bool exists(const std::vector<uint32_t>& places) const;

  GraphModel model_;
  std::unordered_map<uint32_t, uint32_t> by_id_;
  std::unordered_map<std::string, uint32_t> by_name_;
  std::unordered_set<std::string> node_names_;
  std::vector<bool> written_;  // per tensor
};

}  // namespace qnn_host
