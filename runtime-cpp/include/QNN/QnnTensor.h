#pragma once

// Tensor creation. The call writes the new id into the struct passed in; keep that struct, or the
// id, for nodes and execute. Names hash into ids: two names of a graph can collide (7006).

#include "QnnCommon.h"
#include "QnnTypes.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  QNN_TENSOR_MIN_ERROR = 7000,
  QNN_TENSOR_NO_ERROR = 0,
  QNN_TENSOR_ERROR_INVALID_HANDLE = 7001,
  QNN_TENSOR_ERROR_DOES_NOT_EXIST = 7002,
  QNN_TENSOR_ERROR_ALREADY_EXISTS = 7003,
  QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM = 7004,
  QNN_TENSOR_ERROR_UNSUPPORTED_TENSOR_PARAM = 7005,
  QNN_TENSOR_ERROR_NAME_HASH_COLLISION = 7006,
  QNN_TENSOR_ERROR_INCOMPATIBLE_TENSOR_UPDATE = 7007,
  QNN_TENSOR_ERROR_UNSUPPORTED_FEATURE = 1000,
  QNN_TENSOR_MAX_ERROR = 7999,
  QNN_TENSOR_ERROR_UNDEFINED = 0x7FFFFFFF,
} QnnTensor_Error_t;

// Shared by the graphs of the context.
QNN_API Qnn_ErrorHandle_t QnnTensor_createContextTensor(Qnn_ContextHandle_t context,
                                                        Qnn_Tensor_t* tensor);

// STATIC data is copied before the call returns.
QNN_API Qnn_ErrorHandle_t QnnTensor_createGraphTensor(Qnn_GraphHandle_t graph,
                                                      Qnn_Tensor_t* tensor);
QNN_API Qnn_ErrorHandle_t QnnTensor_updateGraphTensors(Qnn_GraphHandle_t graph,
                                                       const Qnn_Tensor_t** tensor,
                                                       uint64_t numTensors);
QNN_API Qnn_ErrorHandle_t QnnTensor_updateContextTensors(Qnn_ContextHandle_t context,
                                                         const Qnn_Tensor_t** tensor,
                                                         uint64_t numTensors);

#ifdef __cplusplus
}
#endif
