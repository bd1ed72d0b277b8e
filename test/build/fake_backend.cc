// A QNN backend for tests of model libraries: it computes nothing, but checks what it is given and
// can fail at any call. Controlled through the exported fake_* functions (see fake_backend.h).
#include "fake_backend.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

struct Tensor {
  uint32_t id;
  Qnn_TensorType_t type;
  Qnn_DataType_t dtype;
  std::vector<uint32_t> dims;
  bool written;
};

struct FakeGraph {
  std::string name;
  std::map<std::string, Tensor> tensors;
  std::set<std::string> nodes;
};

FakeState state;
std::vector<FakeGraph*> graphs;
uint32_t next_id = 1;
Qnn_OpConfig_t validated = QNN_OPCONFIG_INIT;

void complain(const std::string& text) {
  std::fprintf(stderr, "fake backend: %s\n", text.c_str());
  ++state.complaints;
}

// Counts a call; true when this one has to fail.
bool fails() {
  return ++state.calls == state.fail_at;
}

uint64_t element_bytes(Qnn_DataType_t dtype) {
  return dtype == QNN_DATATYPE_FLOAT_16 ? 2 : dtype == QNN_DATATYPE_BOOL_8 ? 1 : 4;
}

void check_tensor(const FakeGraph& graph, const Qnn_Tensor_t& tensor, bool is_output) {
  const std::string name = tensor.v1.name == nullptr ? "" : tensor.v1.name;
  const auto found = graph.tensors.find(name);
  if (tensor.version != QNN_TENSOR_VERSION_1) complain(name + ": not a version 1 tensor");
  if (found == graph.tensors.end()) return complain(name + ": used but not created");
  const Tensor& known = found->second;
  const std::vector<uint32_t> dims(tensor.v1.dimensions, tensor.v1.dimensions + tensor.v1.rank);
  if (known.id != tensor.v1.id || known.dims != dims || known.dtype != tensor.v1.dataType ||
      known.type != tensor.v1.type) {
    complain(name + ": differs from the tensor that was created");
  }
  if (is_output && known.written) complain(name + ": written twice");
  if (!is_output && !known.written) complain(name + ": read before it is written");
}

Qnn_ErrorHandle_t graph_create(Qnn_ContextHandle_t context, const char* name,
                               const QnnGraph_Config_t** config, Qnn_GraphHandle_t* handle) {
  if (fails()) return 6000;
  if (context == nullptr) complain("graphCreate without a context");
  state.last_config = config;
  graphs.push_back(new FakeGraph{name, {}, {}});
  *handle = graphs.back();
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t create_tensor(Qnn_GraphHandle_t handle, Qnn_Tensor_t* tensor) {
  if (fails()) return 7004;
  auto& graph = *static_cast<FakeGraph*>(handle);
  const Qnn_TensorV1_t& v = tensor->v1;
  uint64_t bytes = element_bytes(v.dataType);
  for (uint32_t i = 0; i < v.rank; ++i) bytes *= v.dimensions[i];
  const bool constant = v.type == QNN_TENSOR_TYPE_STATIC;
  if (v.rank == 0) complain(std::string(v.name) + ": rank 0");
  if (constant && (v.clientBuf.data == nullptr || v.clientBuf.dataSize != bytes))
    complain(std::string(v.name) + ": bad data");
  if (!constant && v.clientBuf.data != nullptr) complain(std::string(v.name) + ": data of a value");
  for (uint64_t i = 0; constant && i < bytes; ++i)
    state.checksum = state.checksum * 31 + static_cast<const uint8_t*>(v.clientBuf.data)[i];
  tensor->v1.id = next_id++;
  const bool ready = constant || v.type == QNN_TENSOR_TYPE_APP_WRITE;
  const std::vector<uint32_t> dims(v.dimensions, v.dimensions + v.rank);
  if (!graph.tensors.emplace(v.name, Tensor{tensor->v1.id, v.type, v.dataType, dims, ready})
           .second) {
    complain(std::string(v.name) + ": created twice");
  }
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t validate(Qnn_BackendHandle_t backend, Qnn_OpConfig_t config) {
  if (fails()) return 3110;
  if (backend == nullptr) complain("validateOpConfig without a backend");
  validated = config;
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t add_node(Qnn_GraphHandle_t handle, Qnn_OpConfig_t config) {
  if (fails()) return 6003;
  auto& graph = *static_cast<FakeGraph*>(handle);
  const Qnn_OpConfigV1_t& v = config.v1;
  if (state.with_validator && std::memcmp(&validated, &config, sizeof config) != 0)
    complain(std::string(v.name) + ": not validated");
  if (std::strcmp(v.packageName, "qti.aisw") != 0) complain("package");
  if (!graph.nodes.insert(v.name).second) complain(std::string(v.name) + ": added twice");
  for (uint32_t i = 0; i < v.numOfInputs; ++i) check_tensor(graph, v.inputTensors[i], false);
  for (uint32_t i = 0; i < v.numOfParams; ++i) {
    if (v.params[i].paramType == QNN_PARAMTYPE_TENSOR)
      check_tensor(graph, v.params[i].tensorParam, false);
  }
  for (uint32_t i = 0; i < v.numOfOutputs; ++i) {
    check_tensor(graph, v.outputTensors[i], true);
    graph.tensors[v.outputTensors[i].v1.name].written = true;
    ++state.values;
  }
  ++state.nodes;
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t error_message(Qnn_ErrorHandle_t, const char** text) {
  *text = "a fake failure";
  return QNN_SUCCESS;
}

}  // namespace

EXPORT FakeState* fake_state() {
  return &state;
}

EXPORT void fake_reset() {
  for (FakeGraph* graph : graphs) delete graph;
  graphs.clear();
  state = FakeState{};
  next_id = 1;
}

Qnn_ErrorHandle_t has_capability(QnnProperty_Key_t) {
  return QNN_PROPERTY_NOT_SUPPORTED;
}

EXPORT QNN_INTERFACE_VER_TYPE fake_interface() {
  QNN_INTERFACE_VER_TYPE table;
  std::memset(&table, 0, sizeof table);
  // No vendor's table lacks it.
  table.propertyHasCapability = has_capability;
  table.graphCreate = graph_create;
  table.tensorCreateGraphTensor = create_tensor;
  table.graphAddNode = add_node;
  table.errorGetMessage = error_message;
  if (state.with_validator) table.backendValidateOpConfig = validate;
  return table;
}

// What a later interface has behind the slots of 2.18; nobody may call it.
EXPORT void fake_later_slot() {
  std::abort();
}
