#include "wide_model.h"

#include "float16.h"

namespace rwkv {
namespace {

QNN_INTERFACE_VER_TYPE inner;

Qnn_DataType_t wide_type(Qnn_DataType_t dtype) {
  return dtype == QNN_DATATYPE_FLOAT_16 ? QNN_DATATYPE_FLOAT_32 : dtype;
}

void widen_type(Qnn_Tensor_t& tensor) {
  if (tensor.version == QNN_TENSOR_VERSION_1) {
    tensor.v1.dataType = wide_type(tensor.v1.dataType);
  } else {
    tensor.v2.dataType = wide_type(tensor.v2.dataType);
  }
}

/// Of one float16 tensor's static data.
std::vector<float> wide_data(const Qnn_ClientBuffer_t& buffer) {
  const auto* halves = static_cast<const uint16_t*>(buffer.data);
  std::vector<float> values(buffer.dataSize / sizeof(uint16_t));
  for (size_t i = 0; i < values.size(); ++i) values[i] = float16_to_float32(halves[i]);
  return values;
}

Qnn_ErrorHandle_t create_tensor(Qnn_GraphHandle_t graph, Qnn_Tensor_t* tensor) {
  // Model libraries of rwkvc declare tensors of version 1; anything else is left as it is.
  if (tensor == nullptr || tensor->version != QNN_TENSOR_VERSION_1 ||
      tensor->v1.dataType != QNN_DATATYPE_FLOAT_16) {
    return inner.tensorCreateGraphTensor(graph, tensor);
  }
  Qnn_Tensor_t wide = *tensor;
  wide.v1.dataType = QNN_DATATYPE_FLOAT_32;
  std::vector<float> values;
  if (tensor->v1.clientBuf.data != nullptr) {
    values = wide_data(tensor->v1.clientBuf);
    wide.v1.clientBuf.data = values.data();
    wide.v1.clientBuf.dataSize = static_cast<uint32_t>(values.size() * sizeof(float));
  }
  const Qnn_ErrorHandle_t status = inner.tensorCreateGraphTensor(graph, &wide);
  tensor->v1.id = wide.v1.id;
  return status;
}

/// A node's description with wide tensors, in memory of its own.
struct WideNode {
  explicit WideNode(const Qnn_OpConfig_t& from) : config(from) {
    Qnn_OpConfigV1_t& node = config.v1;
    inputs.assign(node.inputTensors, node.inputTensors + node.numOfInputs);
    outputs.assign(node.outputTensors, node.outputTensors + node.numOfOutputs);
    for (Qnn_Tensor_t& tensor : inputs) widen_type(tensor);
    for (Qnn_Tensor_t& tensor : outputs) widen_type(tensor);
    node.inputTensors = inputs.data();
    node.outputTensors = outputs.data();
  }
  std::vector<Qnn_Tensor_t> inputs;
  std::vector<Qnn_Tensor_t> outputs;
  Qnn_OpConfig_t config;
};

Qnn_ErrorHandle_t validate_node(Qnn_BackendHandle_t backend, Qnn_OpConfig_t config) {
  return inner.backendValidateOpConfig(backend, WideNode(config).config);
}

Qnn_ErrorHandle_t add_node(Qnn_GraphHandle_t graph, Qnn_OpConfig_t config) {
  return inner.graphAddNode(graph, WideNode(config).config);
}

}  // namespace

Api widened(const Api& api) {
  inner = api.fn;
  Api wide = api;
  wide.fn.tensorCreateGraphTensor = &create_tensor;
  wide.fn.backendValidateOpConfig = &validate_node;
  wide.fn.graphAddNode = &add_node;
  return wide;
}

void widen(std::vector<TensorInfo>& tensors) {
  for (TensorInfo& tensor : tensors) tensor.dtype = wide_type(tensor.dtype);
}

void widen(Manifest& manifest) {
  const auto widen_one = [](Dtype& dtype) {
    if (dtype == Dtype::kFloat16) dtype = Dtype::kFloat32;
  };
  for (ManifestGraph& graph : manifest.graphs) {
    for (ManifestTensor& tensor : graph.inputs) widen_one(tensor.dtype);
    for (ManifestTensor& tensor : graph.outputs) widen_one(tensor.dtype);
    for (ManifestState& state : graph.states) widen_one(state.dtype);
  }
}

}  // namespace rwkv
