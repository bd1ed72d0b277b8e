#include <stdio.h>
#include <string.h>

#include "QnnOpDef.h"
#include "composer.h"
#include "rwkvc_model.h"
#include "tensor_storage.h"

namespace rwkvc {
namespace {

// A message under construction; what does not fit is cut off.
class Text {
 public:
  template <typename... Arguments>
  void print(const char* format, Arguments... arguments) {
    const int written = snprintf(text_ + used_, sizeof text_ - used_, format, arguments...);
    if (written > 0) used_ += static_cast<size_t>(written);
    if (used_ >= sizeof text_) used_ = sizeof text_ - 1;
  }
  void print_tensor(const Qnn_Tensor_t& tensor) {
    print("%s %s[", tensor.v1.name, dtype_name(tensor.v1.dataType));
    for (uint32_t i = 0; i < tensor.v1.rank; ++i)
      print(i == 0 ? "%u" : ",%u", tensor.v1.dimensions[i]);
    print("%s", "]");
  }
  void print_tensors(const char* title, const Qnn_Tensor_t* tensors, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      print("%s", i == 0 ? title : ", ");
      print_tensor(tensors[i]);
    }
  }
  const char* c_str() const { return text_; }

 private:
  char text_[1500] = "";
  size_t used_ = 0;
};

Tensors all_of(const std::initializer_list<Tensor>& list) {
  return {list.begin(), static_cast<uint32_t>(list.size())};
}

void append(Arena& arena, Boundary** list, Qnn_Tensor_t* tensor) {
  while (*list != nullptr) list = &(*list)->next;
  *list = arena.array<Boundary>(1);
  if (*list != nullptr) (*list)->tensor = tensor;
}

}  // namespace

// A node on its way to the backend. Qnn_OpConfig_t wants arrays of whole tensors, so inputs and
// outputs are copied.
struct Graph::Node {
  const char* name;
  const char* op;
  Qnn_Tensor_t* inputs;
  uint32_t input_count;
  Qnn_Param_t* params;
  uint32_t param_count;
  Qnn_Tensor_t* outputs;
  uint32_t output_count;
};

Graph::Graph(Composer& composer, const char* name) : composer_(composer) {
  name_ = static_cast<char*>(arena_.copy(name, strlen(name) + 1));
  if (composer_.failed()) return;
  const QNN_INTERFACE_VER_TYPE& qnn = composer_.interface;
  if (qnn.graphCreate == nullptr || qnn.tensorCreateGraphTensor == nullptr ||
      qnn.graphAddNode == nullptr) {
    composer_.fail(MODEL_INVALID_ARGUMENT_ERROR,
                   "the interface lacks graphCreate, tensorCreateGraphTensor or graphAddNode");
    return;
  }
  const Qnn_ErrorHandle_t status =
      qnn.graphCreate(composer_.context, name_, composer_.config(name_), &handle_);
  if (status != QNN_SUCCESS) {
    composer_.fail(MODEL_GRAPH_ERROR, "graph %s: graphCreate failed with %llu", name,
                   static_cast<unsigned long long>(status & 0xffff));
  }
}

Tensor Graph::input(const char* name, const Type& type) {
  if (composer_.failed()) return {};
  Qnn_Tensor_t* tensor = create(full_name(name), QNN_TENSOR_TYPE_APP_WRITE, type, nullptr, 0);
  if (tensor != nullptr) append(arena_, &inputs_, tensor);
  return {tensor};
}

Tensor Graph::weight(const char* name, uint64_t offset, const Type& type) {
  if (composer_.failed()) return {};
  const char* own_name = full_name(name);
  if (own_name == nullptr) return out_of_memory()[0];
  if (const Qnn_Tensor_t* known = known_weight(own_name)) return {known};
  const uint64_t bytes = stored_bytes(type);
  if (offset > composer_.weights_bytes || bytes > composer_.weights_bytes - offset) {
    composer_.fail(MODEL_TENSOR_ERROR,
                   "graph %s: tensor %s lies outside the weights (%llu bytes at %llu of %llu)",
                   name_, own_name, static_cast<unsigned long long>(bytes),
                   static_cast<unsigned long long>(offset),
                   static_cast<unsigned long long>(composer_.weights_bytes));
    return {};
  }
  Qnn_Tensor_t* tensor =
      create(own_name, QNN_TENSOR_TYPE_STATIC, type, composer_.weights + offset, value_bytes(type));
  auto* entry = arena_.array<Boundary>(1);
  if (tensor != nullptr && entry != nullptr) {
    *entry = {tensor, weights_};
    weights_ = entry;
  }
  return {tensor};
}

const Qnn_Tensor_t* Graph::known_weight(const char* name) const {
  for (const Boundary* entry = weights_; entry != nullptr; entry = entry->next) {
    if (strcmp(entry->tensor->v1.name, name) == 0) return entry->tensor;
  }
  return nullptr;
}

Tensor Graph::add(const char* name, const char* op, std::initializer_list<Tensor> inputs,
                  std::initializer_list<Param> params, const Out& output) {
  return add(name, op, all_of(inputs), params, output);
}

Tensor Graph::add(const char* name, const char* op, const Tensors& inputs,
                  std::initializer_list<Param> params, const Out& output) {
  return add_node(name, op, inputs, params, &output, 1)[0];
}

Tensors Graph::add(const char* name, const char* op, std::initializer_list<Tensor> inputs,
                   std::initializer_list<Param> params, std::initializer_list<Out> outputs) {
  return add_node(name, op, all_of(inputs), params, outputs.begin(),
                  static_cast<uint32_t>(outputs.size()));
}

Tensors Graph::split(const char* name, Tensor input, uint32_t count, const Type& type) {
  if (composer_.failed()) return {};
  auto* outputs = arena_.array<Out>(count);
  auto* starts = arena_.array<uint32_t>(count);
  if (outputs == nullptr || starts == nullptr) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) {
    token(i);
    outputs[i] = Out(full_name(name), type);
    if (outputs[i].name == nullptr) return out_of_memory();
    starts[i] = i * type.dims[0];
  }
  const Param cuts("split_index", u32(count - 1), starts + 1);
  return add_node(outputs[0].name, "Split", {&input, 1}, {{"axis", 0u}, cuts}, outputs, count);
}

Tensors Graph::add_node(const char* name, const char* op, const Tensors& inputs,
                        std::initializer_list<Param> params, const Out* outputs, uint32_t count) {
  if (composer_.failed()) return {};
  Node node = {};
  const char* value = full_name(name);
  node.name = node_name_ != nullptr ? full_name(node_name_) : joined_name(value, op);
  node.op = op;
  node_name_ = nullptr;
  if (value == nullptr || node.name == nullptr) return out_of_memory();
  if (!take_inputs(node, inputs) || !create_params(node, params) ||
      !create_outputs(node, value, outputs, count))
    return {};

  Qnn_OpConfig_t config = QNN_OPCONFIG_INIT;
  config.v1.name = node.name;
  config.v1.packageName = QNN_OP_PACKAGE_NAME_QTI_AISW;
  config.v1.typeName = node.op;
  config.v1.numOfParams = node.param_count;
  config.v1.params = node.params;
  config.v1.numOfInputs = node.input_count;
  config.v1.inputTensors = node.inputs;
  config.v1.numOfOutputs = node.output_count;
  config.v1.outputTensors = node.outputs;

  const QNN_INTERFACE_VER_TYPE& qnn = composer_.interface;
  if (qnn.backendValidateOpConfig != nullptr) {
    const Qnn_ErrorHandle_t status = qnn.backendValidateOpConfig(composer_.backend, config);
    // A backend without a validator has no opinion; its addNode decides.
    if (status != QNN_SUCCESS && (status & 0xffff) != QNN_COMMON_ERROR_NOT_SUPPORTED) {
      fail_node(MODEL_GRAPH_OP_VALIDATION_ERROR, node,
                "the backend refuses it (backendValidateOpConfig)", status);
      return {};
    }
  }
  const Qnn_ErrorHandle_t status = qnn.graphAddNode(handle_, config);
  if (status != QNN_SUCCESS) {
    fail_node(MODEL_NODES_ERROR, node, "graphAddNode failed", status);
    return {};
  }

  auto* results = arena_.array<Tensor>(count);
  if (results == nullptr) return out_of_memory();
  for (uint32_t i = 0; i < count; ++i) results[i] = Tensor{&node.outputs[i]};
  return {results, count};
}

bool Graph::take_inputs(Node& node, const Tensors& inputs) {
  node.inputs = arena_.array<Qnn_Tensor_t>(inputs.count);
  if (node.inputs == nullptr) return out_of_memory(), false;
  for (uint32_t i = 0; i < inputs.count; ++i) {
    const Tensor& input = inputs.items[i];
    if (input.qnn == nullptr) {
      composer_.fail(MODEL_NODES_ERROR, "graph %s: node %s (%s) has an empty tensor as input %u",
                     name_, node.name, node.op, node.input_count);
      return false;
    }
    node.inputs[node.input_count++] = *input.qnn;
  }
  return true;
}

bool Graph::create_params(Node& node, std::initializer_list<Param> params) {
  node.params = arena_.array<Qnn_Param_t>(params.size());
  if (node.params == nullptr) return out_of_memory(), false;
  for (const Param& param : params) {
    Qnn_Param_t& target = node.params[node.param_count++];
    target.name = param.name;
    if (param.data == nullptr) {
      target.paramType = QNN_PARAMTYPE_SCALAR;
      target.scalarParam = param.scalar;
      continue;
    }
    // A static tensor of its own, named node.parameter.
    const char* name = joined_name(node.name, param.name);
    const uint64_t bytes = value_bytes(param.type);
    const void* data = arena_.copy(param.data, bytes);
    if (name == nullptr || data == nullptr) return out_of_memory(), false;
    const Qnn_Tensor_t* tensor = create(name, QNN_TENSOR_TYPE_STATIC, param.type, data, bytes);
    if (tensor == nullptr) return false;
    target.paramType = QNN_PARAMTYPE_TENSOR;
    target.tensorParam = *tensor;
  }
  return true;
}

bool Graph::create_outputs(Node& node, const char* name, const Out* outputs, uint32_t count) {
  node.outputs = arena_.array<Qnn_Tensor_t>(count);
  if (node.outputs == nullptr) return out_of_memory(), false;
  for (uint32_t i = 0; i < count; ++i) {
    // A client that debugs reads every value.
    const bool readable = outputs[i].graph_output || composer_.debug;
    const char* own_name = outputs[i].name == nullptr ? name : full_name(outputs[i].name);
    const Qnn_Tensor_t* tensor =
        create(own_name, readable ? QNN_TENSOR_TYPE_APP_READ : QNN_TENSOR_TYPE_NATIVE,
               outputs[i].type, nullptr, 0);
    if (tensor == nullptr) return false;
    node.outputs[node.output_count++] = *tensor;
    if (readable) append(arena_, &outputs_, &node.outputs[i]);
  }
  return true;
}

Qnn_Tensor_t* Graph::create(const char* name, Qnn_TensorType_t kind, const Type& type,
                            const void* data, uint64_t bytes) {
  auto* tensor = arena_.array<Qnn_Tensor_t>(1);
  auto* dims = static_cast<uint32_t*>(arena_.copy(type.dims, sizeof type.dims));
  if (tensor == nullptr || dims == nullptr || name == nullptr) {
    out_of_memory();
    return nullptr;
  }
  *tensor = QNN_TENSOR_INIT;
  tensor->v1.name = name;
  tensor->v1.type = kind;
  tensor->v1.dataType = type.dtype;
  tensor->v1.rank = type.rank;
  tensor->v1.dimensions = dims;
  tensor->v1.memType = QNN_TENSORMEMTYPE_RAW;
  if (!describe_scales(type, data, arena_, &tensor->v1.quantizeParams))
    return out_of_memory(), nullptr;
  if (type.dtype == QNN_DATATYPE_SFIXED_POINT_4 && !composer_.takes_packed()) {
    tensor->v1.dataType = QNN_DATATYPE_SFIXED_POINT_8;
    bytes = elements_of(type);
    data = unpacked_values(type, data, arena_);
    if (data == nullptr) return out_of_memory(), nullptr;
  }
  tensor->v1.clientBuf.data = const_cast<void*>(data);
  tensor->v1.clientBuf.dataSize = static_cast<uint32_t>(bytes);
  const Qnn_ErrorHandle_t status = composer_.interface.tensorCreateGraphTensor(handle_, tensor);
  if (status != QNN_SUCCESS) {
    Text text;
    text.print("graph %s: tensor ", name_);
    text.print_tensor(*tensor);
    text.print(": tensorCreateGraphTensor failed with %llu",
               static_cast<unsigned long long>(status & 0xffff));
    if (spec_ != nullptr) text.print("; %s:%u", spec_, line_);
    composer_.fail(MODEL_TENSOR_ERROR, "%s", text.c_str());
    return nullptr;
  }
  return tensor;
}

char* Graph::full_name(const char* pattern) {
  const size_t size = strlen(pattern) + 21;
  auto* name = arena_.array<char>(size);
  if (name == nullptr) return nullptr;
  size_t used = 0;
  bool layer_seen = false, token_seen = false;
  for (const char* at = pattern; *at != '\0';) {
    const bool is_layer = !layer_seen && strncmp(at, "{}", 2) == 0;
    const bool is_token = !token_seen && strncmp(at, "[]", 2) == 0;
    if (is_layer || is_token) {
      used +=
          static_cast<size_t>(snprintf(name + used, size - used, "%u", is_layer ? layer_ : token_));
      layer_seen |= is_layer;
      token_seen |= is_token;
      at += 2;
    } else {
      name[used++] = *at++;
    }
  }
  name[used] = '\0';
  return name;
}

char* Graph::joined_name(const char* left, const char* right) {
  if (left == nullptr) return nullptr;
  const size_t size = strlen(left) + 1 + strlen(right) + 1;
  auto* name = arena_.array<char>(size);
  if (name != nullptr) snprintf(name, size, "%s.%s", left, right);
  return name;
}

void Graph::fail_node(ModelError_t error, const Node& node, const char* what,
                      Qnn_ErrorHandle_t status) {
  Text text;
  text.print("graph %s: node %s (%s): %s: %llu", name_, node.name, node.op, what,
             static_cast<unsigned long long>(status & 0xffff));
  const char* meaning = nullptr;
  const QNN_INTERFACE_VER_TYPE& qnn = composer_.interface;
  if (qnn.errorGetMessage != nullptr && qnn.errorGetMessage(status, &meaning) == QNN_SUCCESS &&
      meaning != nullptr) {
    text.print(" (%.200s)", meaning);
  }
  text.print_tensors("; inputs ", node.inputs, node.input_count);
  text.print_tensors("; outputs ", node.outputs, node.output_count);
  if (spec_ != nullptr) text.print("; %s:%u", spec_, line_);
  composer_.fail(error, "%s", text.c_str());
}

Tensors Graph::out_of_memory() {
  composer_.fail(MODEL_MEMORY_ALLOCATE_ERROR, "out of memory");
  return {};
}

}  // namespace rwkvc
