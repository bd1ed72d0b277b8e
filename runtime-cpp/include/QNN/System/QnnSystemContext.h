#pragma once

// What a context binary holds: versions, target, graphs and their tensors.
//
// Records are versioned unions. Which member is valid is in `version`, set by the library from the
// binary: branch on it. BinaryInfo V3 (HTP binaries of SDK 2.47 and newer) equals V1 and V2 up to
// socVersion only; read through V1 it gives garbage. The records and all they point to belong to
// the System context handle and die with it.

#include "../QnnCommon.h"
#include "../QnnDevice.h"
#include "../QnnTypes.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QNN_SYSTEM_CONTEXT_MIN_ERROR 30000
#define QNN_SYSTEM_CONTEXT_MAX_ERROR 30999

typedef enum {
  QNN_SYSTEM_CONTEXT_MINERROR = 30000,
  QNN_SYSTEM_CONTEXT_NO_ERROR = 0,
  QNN_SYSTEM_CONTEXT_ERROR_UNSUPPORTED_FEATURE = 1000,
  QNN_SYSTEM_CONTEXT_ERROR_INVALID_HANDLE = 30000,
  QNN_SYSTEM_CONTEXT_ERROR_INVALID_ARGUMENT = 30001,
  QNN_SYSTEM_CONTEXT_ERROR_OPERATION_FAILED = 30002,
  QNN_SYSTEM_CONTEXT_ERROR_MALFORMED_BINARY = 30010,  // truncated, or not a context binary
  QNN_SYSTEM_CONTEXT_MAXERROR = 49999,
} QnnSystemContext_Error_t;

// ------------------------------------------------------------------------------------------ Graphs

typedef enum {
  QNN_SYSTEM_CONTEXT_GRAPH_INFO_VERSION_1 = 1,
  QNN_SYSTEM_CONTEXT_GRAPH_INFO_VERSION_2 = 2,
  QNN_SYSTEM_CONTEXT_GRAPH_INFO_VERSION_3 = 3,
  QNN_SYSTEM_CONTEXT_GRAPH_INFO_UNDEFINED = 0x7FFFFFFF,
} QnnSystemContext_GraphInfoVersion_t;

// Tensors carry id, name, type, dataType, rank, dimensions and encoding, no data.
typedef struct {
  const char* graphName;
  uint32_t numGraphInputs;
  Qnn_Tensor_t* graphInputs;
  uint32_t numGraphOutputs;
  Qnn_Tensor_t* graphOutputs;
} QnnSystemContext_GraphInfoV1_t;
#define QNN_SYSTEM_CONTEXT_GRAPH_INFO_V1_INIT \
  { NULL, 0, NULL, 0, NULL }

typedef struct {
  const char* graphName;
  uint32_t numGraphInputs;
  Qnn_Tensor_t* graphInputs;
  uint32_t numGraphOutputs;
  Qnn_Tensor_t* graphOutputs;
  uint32_t numUpdateableTensors;
  Qnn_Tensor_t* updateableTensors;
} QnnSystemContext_GraphInfoV2_t;
#define QNN_SYSTEM_CONTEXT_GRAPH_INFO_V2_INIT \
  { NULL, 0, NULL, 0, NULL, 0, NULL }

typedef struct {
  const char* graphName;
  uint32_t numGraphInputs;
  Qnn_Tensor_t* graphInputs;
  uint32_t numGraphOutputs;
  Qnn_Tensor_t* graphOutputs;
  uint32_t numUpdateableTensors;
  Qnn_Tensor_t* updateableTensors;
  uint32_t graphBlobInfoSize;  // bytes; 112 on HTP
  void* graphBlobInfo;         // backend's record, see HTP/QnnHtpSystemContext.h
  uint32_t startOpIndex;
  uint32_t endOpIndex;
} QnnSystemContext_GraphInfoV3_t;
#define QNN_SYSTEM_CONTEXT_GRAPH_INFO_V3_INIT \
  { NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0 }

// The step of a `graphs` array is the record size of the library that made it: 88 bytes here, 64 in
// SDK 2.25, 48 in 2.13. A record of version 3 proves 88; without one, index past 0 only if the
// library's System API is 1.7 or newer.
typedef struct {
  QnnSystemContext_GraphInfoVersion_t version;
  union {
    QnnSystemContext_GraphInfoV1_t graphInfoV1;
    QnnSystemContext_GraphInfoV2_t graphInfoV2;
    QnnSystemContext_GraphInfoV3_t graphInfoV3;
  };
} QnnSystemContext_GraphInfo_t;
#define QNN_SYSTEM_CONTEXT_GRAPH_INFO_INIT                                             \
  {                                                                                    \
    QNN_SYSTEM_CONTEXT_GRAPH_INFO_UNDEFINED, { QNN_SYSTEM_CONTEXT_GRAPH_INFO_V1_INIT } \
  }

// ---------------------------------------------------------------------------------------- Binaries

typedef enum {
  QNN_SYSTEM_CONTEXT_BINARY_INFO_VERSION_1 = 1,
  QNN_SYSTEM_CONTEXT_BINARY_INFO_VERSION_2 = 2,
  QNN_SYSTEM_CONTEXT_BINARY_INFO_VERSION_3 = 3,
  QNN_SYSTEM_CONTEXT_BINARY_INFO_UNDEFINED = 0x7FFFFFFF,
} QnnSystemContext_BinaryInfoVersion_t;

typedef struct {
  uint32_t backendId;
  const char* buildId;
  Qnn_Version_t coreApiVersion;
  Qnn_Version_t backendApiVersion;
  const char* socVersion;
  Qnn_Version_t hwInfoBlobVersion;
  Qnn_Version_t contextBlobVersion;
  uint32_t hwInfoBlobSize;
  void* hwInfoBlob;
  uint64_t contextBlobSize;  // bytes
  uint32_t numContextTensors;
  Qnn_Tensor_t* contextTensors;
  uint32_t numGraphs;
  QnnSystemContext_GraphInfo_t* graphs;
} QnnSystemContext_BinaryInfoV1_t;
#define QNN_SYSTEM_CONTEXT_BINARY_INFO_V1_INIT                                                \
  {                                                                                           \
    0, NULL, QNN_VERSION_INIT, QNN_VERSION_INIT, NULL, QNN_VERSION_INIT, QNN_VERSION_INIT, 0, \
        NULL, 0, 0, NULL, 0, NULL                                                             \
  }

typedef struct {
  uint32_t backendId;
  const char* buildId;
  Qnn_Version_t coreApiVersion;
  Qnn_Version_t backendApiVersion;
  const char* socVersion;
  Qnn_Version_t hwInfoBlobVersion;
  Qnn_Version_t contextBlobVersion;
  uint32_t hwInfoBlobSize;
  void* hwInfoBlob;
  uint64_t contextBlobSize;
  uint32_t numContextTensors;
  Qnn_Tensor_t* contextTensors;
  uint32_t numGraphs;
  QnnSystemContext_GraphInfo_t* graphs;
  QnnDevice_PlatformInfo_t* platformInfo;
} QnnSystemContext_BinaryInfoV2_t;
#define QNN_SYSTEM_CONTEXT_BINARY_INFO_V2_INIT                                                \
  {                                                                                           \
    0, NULL, QNN_VERSION_INIT, QNN_VERSION_INIT, NULL, QNN_VERSION_INIT, QNN_VERSION_INIT, 0, \
        NULL, 0, 0, NULL, 0, NULL, NULL                                                       \
  }

typedef struct {
  uint32_t backendId;
  const char* buildId;
  Qnn_Version_t coreApiVersion;
  Qnn_Version_t backendApiVersion;  // compare with the library's before loading
  const char* socVersion;           // empty on HTP: use socModel
  Qnn_Version_t contextBlobVersion;
  uint64_t contextBlobSize;  // bytes; the file is 4096 longer
  uint32_t numContextTensors;
  Qnn_Tensor_t* contextTensors;
  uint32_t numGraphs;
  QnnSystemContext_GraphInfo_t* graphs;
  QnnDevice_PlatformInfo_t* platformInfo;
  uint32_t contextMetadataSize;  // bytes
  void* contextMetadata;         // backend's record; HTP: the arch, see HTP/QnnHtpSystemContext.h
  uint32_t socModel;             // 0 if the binary was made without a device
} QnnSystemContext_BinaryInfoV3_t;
#define QNN_SYSTEM_CONTEXT_BINARY_INFO_V3_INIT                                                \
  {                                                                                           \
    0, NULL, QNN_VERSION_INIT, QNN_VERSION_INIT, NULL, QNN_VERSION_INIT, 0, 0, NULL, 0, NULL, \
        NULL, 0, NULL, 0                                                                      \
  }

typedef struct {
  QnnSystemContext_BinaryInfoVersion_t version;
  union {
    QnnSystemContext_BinaryInfoV1_t contextBinaryInfoV1;
    QnnSystemContext_BinaryInfoV2_t contextBinaryInfoV2;
    QnnSystemContext_BinaryInfoV3_t contextBinaryInfoV3;
  };
} QnnSystemContext_BinaryInfo_t;
#define QNN_SYSTEM_CONTEXT_BINARYINFO_INIT                                               \
  {                                                                                      \
    QNN_SYSTEM_CONTEXT_BINARY_INFO_UNDEFINED, { QNN_SYSTEM_CONTEXT_BINARY_INFO_V1_INIT } \
  }

// --------------------------------------------------------------------------------------- Functions

typedef void* QnnSystemContext_Handle_t;

QNN_API Qnn_ErrorHandle_t QnnSystemContext_create(QnnSystemContext_Handle_t* sysCtxHandle);

// Keep the binary alive and unchanged as long as the records. `binaryInfoSize` must not be null;
// HTP binaries leave 0 in it.
QNN_API Qnn_ErrorHandle_t QnnSystemContext_getBinaryInfo(
    QnnSystemContext_Handle_t sysCtxHandle, void* binaryBuffer, uint64_t binaryBufferSize,
    const QnnSystemContext_BinaryInfo_t** binaryInfo, Qnn_ContextBinarySize_t* binaryInfoSize);
QNN_API Qnn_ErrorHandle_t QnnSystemContext_getMetadata(
    QnnSystemContext_Handle_t sysCtxHandle, const void* binaryBuffer,
    Qnn_ContextBinarySize_t binaryBufferSize, const QnnSystemContext_BinaryInfo_t** binaryInfo);
QNN_API Qnn_ErrorHandle_t QnnSystemContext_free(QnnSystemContext_Handle_t sysCtxHandle);

#ifdef __cplusplus
}
#endif
