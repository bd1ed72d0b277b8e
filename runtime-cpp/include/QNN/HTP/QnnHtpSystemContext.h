#pragma once

// HTP's own records inside the System library's binary info.

#include "../QnnCommon.h"
#include "../System/QnnSystemContext.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  QNN_SYSTEM_CONTEXT_HTP_GRAPH_INFO_BLOB_VERSION_V1 = 1,
  QNN_SYSTEM_CONTEXT_HTP_GRAPH_INFO_BLOB_VERSION_V2 = 2,
  QNN_SYSTEM_CONTEXT_HTP_GRAPH_INFO_BLOB_UNDEFINED = 0x7FFFFFFF,
} QnnHtpSystemContext_GraphInfoBlobVersion_t;

typedef struct {
  uint64_t spillFillBufferSize;  // bytes
  uint32_t vtcmSize;             // bytes, not MB
  uint32_t optimizationLevel;
  uint8_t htpDlbc;  // 0 or 1
  uint64_t numHvxThreads;
} QnnHtpSystemContext_GraphBlobInfoV1_t;

typedef struct {
  QnnHtpSystemContext_GraphInfoBlobVersion_t version;
  union {
    QnnHtpSystemContext_GraphBlobInfoV1_t contextBinaryGraphBlobInfoV1;
  };
} QnnHtpSystemContext_GraphBlobInfo_t;

// Sizes in bytes. In HTP binaries it follows the record above: a graphBlobInfo of 112 bytes is 40
// of that and 72 of this, which has a version of its own.
typedef struct {
  QnnHtpSystemContext_GraphInfoBlobVersion_t version;
  uint64_t nativeKChannelSize;
  uint64_t nativeVChannelSize;
  uint32_t isSafeShareIO;
  uint64_t ioTensorSize;
  uint64_t opDataSize;
  uint64_t constSize;  // weights of this graph alone
  uint64_t ddrTensorSize;
  uint64_t sharedWeightsSize;  // the same for each graph of the context, stored once
} QnnHtpSystemContext_GraphBlobInfoV2_t;

typedef enum {
  QNN_SYSTEM_CONTEXT_HTP_CONTEXT_INFO_BLOB_VERSION_V1 = 1,
  QNN_SYSTEM_CONTEXT_HTP_CONTEXT_INFO_BLOB_UNDEFINED = 0x7FFFFFFF,
} QnnHtpSystemContext_ContextInfoBlobVersion_t;

typedef struct {
  uint32_t dspArch;  // 68, 69, 73, 75 and so on
} QnnHtpSystemContext_ContextBlobInfoV1_t;

// What contextMetadata of BinaryInfo V3 points to.
typedef struct {
  QnnHtpSystemContext_ContextInfoBlobVersion_t version;
  union {
    QnnHtpSystemContext_ContextBlobInfoV1_t contextBinaryContextBlobInfoV1;
  };
} QnnHtpSystemContext_ContextBlobInfo_t;

#ifdef __cplusplus
}
#endif
