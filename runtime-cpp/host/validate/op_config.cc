#include "op_config.h"

#include <cstring>

#include "QnnBackend.h"
#include "QnnOpPackage.h"
#include "op_rules.h"
#include "op_table.h"
#include "sane_enum.h"
#include "tensor_rules.h"

namespace qnn_host {
namespace {

/// More inputs, outputs or parameters than any op has.
constexpr uint32_t kMaxCount = 1 << 16;

Fault refuse(const std::string& problem) {
  return {QNN_OP_PACKAGE_ERROR_VALIDATION_FAILURE, problem};
}

std::string node_text(const Node& node) {
  return "node " + node.name + " (" + node.type + ")";
}

Fault check_lists(const Qnn_OpConfigV1_t& config, const Node& node) {
  const auto check = [&](uint32_t count, const void* list, const char* what) -> Fault {
    if (count > 0 && list == nullptr)
      return refuse(node_text(node) + ": " + std::to_string(count) + " " + what +
                    ", the list is null");
    if (count > kMaxCount)
      return refuse(node_text(node) + ": " + std::to_string(count) + " " + what + " are too many");
    return {};
  };
  if (Fault fault = check(config.numOfParams, config.params, "parameters")) return fault;
  if (Fault fault = check(config.numOfInputs, config.inputTensors, "inputs")) return fault;
  return check(config.numOfOutputs, config.outputTensors, "outputs");
}

Fault read_param(const Qnn_Param_t& source, const Node& node, TensorSource& tensors, Param* param) {
  if (source.name == nullptr) return refuse(node_text(node) + ": a parameter has no name");
  param->name = source.name;
  if (source.paramType == QNN_PARAMTYPE_TENSOR) {
    param->is_tensor = true;
    return tensors.find_data(source.tensorParam, param);
  }
  if (source.paramType != QNN_PARAMTYPE_SCALAR)
    return refuse(node_text(node) + ": parameter " + param->name +
                  " is neither scalar (0) nor tensor (1)");
  param->dtype = sane(source.scalarParam.dataType);
  if (!is_known_dtype(param->dtype))
    return refuse(node_text(node) + ": parameter " + param->name + " has an unknown data type");
  param->bytes.resize(element_size(param->dtype));
  // All members of the union start at its beginning.
  std::memcpy(param->bytes.data(), &source.scalarParam.uint64Value, param->bytes.size());
  return {};
}

/// Tensors as an op config describes them, for validation without a graph.
class DescribedTensors : public TensorSource {
 public:
  Fault find(const Qnn_Tensor_t& source, uint32_t* place) override {
    Tensor tensor;
    if (const Fault fault = read_tensor(source, false, &tensor)) return refuse(fault.text);
    // Static data need not be there yet.
    if (tensor.is_static() && read_data(source, tensor, &tensor.data)) tensor.data = nullptr;
    *place = static_cast<uint32_t>(tensors.size());
    tensors.push_back(std::move(tensor));
    return {};
  }

  Fault find_data(const Qnn_Tensor_t& source, Param* param) override {
    Tensor tensor;
    if (const Fault fault = read_tensor(source, false, &tensor)) return refuse(fault.text);
    if (!tensor.is_static())
      return refuse("parameter " + param->name + " is a tensor that is not STATIC");
    const uint8_t* data = nullptr;
    if (const Fault fault = read_data(source, tensor, &data)) return refuse(fault.text);
    param->dtype = tensor.dtype;
    param->dims = tensor.dims;
    param->bytes.assign(data, data + tensor.bytes());
    return {};
  }

  std::vector<Tensor> tensors;
};

}  // namespace

Fault read_op_config(const Qnn_OpConfig_t& config, TensorSource& tensors, Node* node) {
  const Qnn_OpConfigVersion_t version = sane(config.version);
  if (version != QNN_OPCONFIG_VERSION_1)
    return refuse("an op config of version " + std::to_string(version) +
                  ", the only one known is 1");
  const Qnn_OpConfigV1_t& v1 = config.v1;
  if (v1.name == nullptr) return refuse("a node has no name");
  node->name = v1.name;
  if (v1.typeName == nullptr || v1.packageName == nullptr)
    return refuse("node " + node->name + " has no " +
                  (v1.typeName == nullptr ? "type" : "package"));
  node->type = v1.typeName;
  if (std::strcmp(v1.packageName, kPackageName) != 0)
    return {QNN_BACKEND_ERROR_OP_PACKAGE_NOT_FOUND, node_text(*node) + ": there is no op package " +
                                                        v1.packageName + ", only " + kPackageName};
  if (const Fault fault = check_lists(v1, *node)) return fault;
  for (uint32_t i = 0; i < v1.numOfParams; ++i) {
    Param param;
    if (const Fault fault = read_param(v1.params[i], *node, tensors, &param)) return fault;
    node->params.push_back(std::move(param));
  }
  node->inputs.resize(v1.numOfInputs);
  for (uint32_t i = 0; i < v1.numOfInputs; ++i) {
    if (const Fault fault = tensors.find(v1.inputTensors[i], &node->inputs[i])) return fault;
  }
  node->outputs.resize(v1.numOfOutputs);
  for (uint32_t i = 0; i < v1.numOfOutputs; ++i) {
    if (const Fault fault = tensors.find(v1.outputTensors[i], &node->outputs[i])) return fault;
  }
  return {};
}

Fault check_op(const Op& op) {
  const OpRule* rule = find_rule(op.node.type);
  if (rule == nullptr)
    return {QNN_BACKEND_ERROR_OP_PACKAGE_NOT_FOUND,
            node_text(op.node) + ": package " + kPackageName + " has no such op here"};
  const OpEntry* entry = find_op(op.node.type);
  if (entry == nullptr)
    return {QNN_BACKEND_ERROR_NOT_SUPPORTED,
            node_text(op.node) + ": the host backend does not compute this op"};
  std::string problem = check_rules(op, *rule);
  if (problem.empty()) problem = entry->check(op);
  if (problem.empty()) return {};
  std::string text = node_text(op.node) + ": " + problem;
  for (size_t i = 0; i < op.inputs.size(); ++i)
    text += (i == 0 ? "; inputs " : ", ") + describe(*op.inputs[i]);
  for (size_t i = 0; i < op.outputs.size(); ++i)
    text += (i == 0 ? "; outputs " : ", ") + describe(*op.outputs[i]);
  return refuse(text);
}

Fault validate_op_config(const Qnn_OpConfig_t& config) {
  DescribedTensors source;
  Node node;
  if (const Fault fault = read_op_config(config, source, &node)) return fault;
  Op op{node, {}, {}, {}};
  for (const uint32_t place : node.inputs) op.inputs.push_back(&source.tensors[place]);
  for (const uint32_t place : node.outputs) op.outputs.push_back(&source.tensors[place]);
  op.producers.resize(op.inputs.size());
  return check_op(op);
}

}  // namespace qnn_host
