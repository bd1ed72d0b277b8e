#include "QnnTensor.h"

#include "context.h"
#include "fault.h"
#include "graph.h"

using namespace qnn_host;

Qnn_ErrorHandle_t QnnTensor_createContextTensor(Qnn_ContextHandle_t context, Qnn_Tensor_t* tensor) {
  const auto owner = Registry::instance().find<Context>(context);
  if (owner == nullptr)
    return report(nullptr, QNN_TENSOR_ERROR_INVALID_HANDLE, bad_handle("context", context));
  if (tensor == nullptr)
    return report(owner->log(), QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM, null_argument("tensor"));
  return report(owner->log(), QNN_TENSOR_ERROR_UNSUPPORTED_FEATURE,
                "tensors of contexts are not supported: create them in each graph");
}

Qnn_ErrorHandle_t QnnTensor_createGraphTensor(Qnn_GraphHandle_t graph, Qnn_Tensor_t* tensor) {
  const auto owner = Registry::instance().find<Graph>(graph);
  if (owner == nullptr)
    return report(nullptr, QNN_TENSOR_ERROR_INVALID_HANDLE, bad_handle("graph", graph));
  if (tensor == nullptr)
    return report(owner->log(), QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM, null_argument("tensor"));
  return report(owner->log(), owner->create_tensor(tensor));
}

Qnn_ErrorHandle_t QnnTensor_updateGraphTensors(Qnn_GraphHandle_t graph, const Qnn_Tensor_t**,
                                               uint64_t) {
  const auto owner = Registry::instance().find<Graph>(graph);
  if (owner == nullptr)
    return report(nullptr, QNN_TENSOR_ERROR_INVALID_HANDLE, bad_handle("graph", graph));
  return report(owner->log(), QNN_TENSOR_ERROR_UNSUPPORTED_FEATURE,
                "there are no updateable tensors");
}

Qnn_ErrorHandle_t QnnTensor_updateContextTensors(Qnn_ContextHandle_t context, const Qnn_Tensor_t**,
                                                 uint64_t) {
  const auto owner = Registry::instance().find<Context>(context);
  if (owner == nullptr)
    return report(nullptr, QNN_TENSOR_ERROR_INVALID_HANDLE, bad_handle("context", context));
  return report(owner->log(), QNN_TENSOR_ERROR_UNSUPPORTED_FEATURE,
                "there are no updateable tensors");
}
