#pragma once

// Data types, quantization encodings, tensors and op configs: the values a graph is described with.
// Unless said otherwise, pointers in a struct are borrowed for the duration of the call that takes
// it; the backend copies what it keeps.

#include "QnnCommon.h"

#ifdef __cplusplus
extern "C" {
#endif

// ----------------------------------------------------------------------------------------- Handles

typedef Qnn_Handle_t Qnn_BackendHandle_t;
typedef Qnn_Handle_t Qnn_ContextHandle_t;
typedef Qnn_Handle_t Qnn_DeviceHandle_t;
typedef Qnn_Handle_t Qnn_GraphHandle_t;
typedef Qnn_Handle_t Qnn_LogHandle_t;
typedef Qnn_Handle_t Qnn_MemHandle_t;
typedef Qnn_Handle_t Qnn_ProfileHandle_t;
typedef Qnn_Handle_t Qnn_SignalHandle_t;

// ------------------------------------------------------------------------------------ Enumerations

// Two digit groups: kind in the high byte (00 signed, 01 unsigned integer, 02 float, 03 signed and
// 04 unsigned fixed point, 05 bool), storage width in the low one (08, 16, 32, 64, written as if
// decimal). Core 2.32 adds bfloat16 as 0x0226.
typedef enum {
  QNN_DATATYPE_INT_8 = 0x0008,
  QNN_DATATYPE_INT_16 = 0x0016,
  QNN_DATATYPE_INT_32 = 0x0032,
  QNN_DATATYPE_INT_64 = 0x0064,
  QNN_DATATYPE_UINT_8 = 0x0108,
  QNN_DATATYPE_UINT_16 = 0x0116,
  QNN_DATATYPE_UINT_32 = 0x0132,
  QNN_DATATYPE_UINT_64 = 0x0164,
  QNN_DATATYPE_FLOAT_16 = 0x0216,
  QNN_DATATYPE_FLOAT_32 = 0x0232,
  QNN_DATATYPE_FLOAT_64 = 0x0264,
  QNN_DATATYPE_SFIXED_POINT_4 = 0x0304,  // packed, two per byte, low nibble first
  QNN_DATATYPE_SFIXED_POINT_8 = 0x0308,
  QNN_DATATYPE_SFIXED_POINT_16 = 0x0316,
  QNN_DATATYPE_SFIXED_POINT_32 = 0x0332,
  QNN_DATATYPE_UFIXED_POINT_4 = 0x0404,  // packed, two per byte, low nibble first
  QNN_DATATYPE_UFIXED_POINT_8 = 0x0408,
  QNN_DATATYPE_UFIXED_POINT_16 = 0x0416,
  QNN_DATATYPE_UFIXED_POINT_32 = 0x0432,
  QNN_DATATYPE_BOOL_8 = 0x0508,  // one byte, 0 or 1
  QNN_DATATYPE_STRING = 0x0608,
  QNN_DATATYPE_UNDEFINED = 0x7FFFFFFF,
} Qnn_DataType_t;

// Arithmetic a backend is asked to use for float32 graphs.
typedef enum {
  QNN_PRECISION_FLOAT32 = 0,
  QNN_PRECISION_FLOAT16 = 1,
  QNN_PRECISION_UNDEFINED = 0x7FFFFFFF,
} Qnn_Precision_t;

// Who fills a tensor and who reads it.
typedef enum {
  QNN_TENSOR_TYPE_APP_WRITE = 0,      // graph input
  QNN_TENSOR_TYPE_APP_READ = 1,       // graph output
  QNN_TENSOR_TYPE_APP_READWRITE = 2,  // both, for a state kept in place
  QNN_TENSOR_TYPE_NATIVE = 3,         // between nodes, storage owned by the backend
  QNN_TENSOR_TYPE_STATIC = 4,         // weights and tensor parameters; set before finalize
  QNN_TENSOR_TYPE_NULL = 5,           // placeholder for an optional input left out
  // Replaceable after finalize through the update calls.
  QNN_TENSOR_TYPE_UPDATEABLE_STATIC = 6,
  QNN_TENSOR_TYPE_UPDATEABLE_NATIVE = 7,
  QNN_TENSOR_TYPE_UPDATEABLE_APP_WRITE = 8,
  QNN_TENSOR_TYPE_UPDATEABLE_APP_READ = 9,
  QNN_TENSOR_TYPE_UPDATEABLE_APP_READWRITE = 10,
  QNN_TENSOR_TYPE_UNDEFINED = 0x7FFFFFFF,
} Qnn_TensorType_t;

typedef enum {
  QNN_PARAMTYPE_SCALAR = 0,
  QNN_PARAMTYPE_TENSOR = 1,
  QNN_PARAMTYPE_UNDEFINED = 0xFFFFFFFF,
} Qnn_ParamType_t;

typedef enum {
  QNN_DEFINITION_IMPL_GENERATED = 0,  // the backend chooses the encoding
  QNN_DEFINITION_DEFINED = 1,         // the encoding below counts
  QNN_DEFINITION_UNDEFINED = 0x7FFFFFFF,
} Qnn_Definition_t;

// Scheduling weight among contexts and graphs on one device.
typedef enum {
  QNN_PRIORITY_LOW = 0,
  QNN_PRIORITY_NORMAL = 100,
  QNN_PRIORITY_DEFAULT = 100,
  QNN_PRIORITY_NORMAL_HIGH = 150,
  QNN_PRIORITY_HIGH = 200,
  QNN_PRIORITY_UNDEFINED = 0x7FFFFFFF,
} Qnn_Priority_t;

typedef enum {
  QNN_ERROR_REPORTING_LEVEL_BRIEF = 0,
  QNN_ERROR_REPORTING_LEVEL_DETAILED = 1,
  QNN_ERROR_REPORTING_LEVEL_UNDEFINED = 0x7FFFFFFF,
} Qnn_ErrorReportingLevel_t;

// Which member of Qnn_QuantizeParams_t is in use. Core 2.32 adds 7 to 11 (float blocks and mapped
// forms), which a client built to 2.18 meets only in graphs that others wrote.
typedef enum {
  QNN_QUANTIZATION_ENCODING_SCALE_OFFSET = 0,       // one scale for the tensor
  QNN_QUANTIZATION_ENCODING_AXIS_SCALE_OFFSET = 1,  // one scale per slice of an axis
  // as above, with fewer bits than the storage type has
  QNN_QUANTIZATION_ENCODING_BW_SCALE_OFFSET = 2,
  QNN_QUANTIZATION_ENCODING_BW_AXIS_SCALE_OFFSET = 3,
  QNN_QUANTIZATION_ENCODING_BLOCK = 4,  // one scale per block of elements
  // per-axis scales times small integer scales per block (4-bit weights)
  QNN_QUANTIZATION_ENCODING_BLOCKWISE_EXPANSION = 5,
  QNN_QUANTIZATION_ENCODING_VECTOR = 6,  // codebook indices
  QNN_QUANTIZATION_ENCODING_UNDEFINED = 0x7FFFFFFF,
} Qnn_QuantizationEncoding_t;

typedef enum {
  QNN_BLOCKWISE_EXPANSION_BITWIDTH_SCALE_STORAGE_8 = 0,
  QNN_BLOCKWISE_EXPANSION_BITWIDTH_SCALE_STORAGE_16 = 1,
  QNN_BLOCKWISE_EXPANSION_BITWIDTH_SCALE_STORAGE_UNDEFINED = 0x7FFFFFFF,
} Qnn_BlockwiseExpansionBlockScaleStorageType_t;

typedef enum {
  QNN_TENSORMEMTYPE_RAW = 0,        // plain memory, clientBuf
  QNN_TENSORMEMTYPE_MEMHANDLE = 1,  // memory registered with QnnMem_register
  QNN_TENSORMEMTYPE_UNDEFINED = 0x7FFFFFFF,
} Qnn_TensorMemType_t;

typedef enum {
  QNN_SPARSE_LAYOUT_HYBRID_COO = 0,
  QNN_SPARSE_LAYOUT_UNDEFINED = 0x7FFFFFFF,
} Qnn_SparseLayoutType_t;

typedef enum {
  QNN_TENSOR_VERSION_1 = 1,
  QNN_TENSOR_VERSION_2 = 2,
  QNN_TENSOR_VERSION_UNDEFINED = 0x7FFFFFFF,
} Qnn_TensorVersion_t;

typedef enum {
  QNN_TENSOR_SET_VERSION_1 = 1,
  QNN_TENSOR_SET_VERSION_UNDEFINED = 0x7FFFFFFF,
} Qnn_TensorSetVersion_t;

typedef enum {
  QNN_OPCONFIG_VERSION_1 = 1,
  QNN_OPCONFIG_VERSION_UNDEFINED = 0x7FFFFFFF,
} Qnn_OpConfigVersion_t;

// SoC numbers the core headers name. Newer chips have numbers only (57, 69, 87 and so on): the
// option that takes one is a plain uint32_t.
typedef enum {
  QNN_SOC_MODEL_UNKNOWN = 0,
  QNN_SOC_MODEL_SM8350 = 30,
  QNN_SOC_MODEL_SM8325 = 34,
  QNN_SOC_MODEL_SM7350 = 32,
  QNN_SOC_MODEL_SM7325 = 35,
  QNN_SOC_MODEL_SM8450 = 36,
  QNN_SOC_MODEL_SC8280X = 37,
  QNN_SOC_MODEL_SM7315 = 38,
  QNN_SOC_MODEL_SA8295 = 39,
  QNN_SOC_MODEL_SM7450 = 41,
  QNN_SOC_MODEL_SM8475 = 42,
  QNN_SOC_MODEL_SM8550 = 43,
  QNN_SOC_MODEL_SM6450 = 50,
  QNN_SOC_MODEL_SA8255 = 52,
  QNN_SOC_MODEL_SM7475 = 54,
  QNN_SOC_MODEL_SM4450 = 59,
} Qnn_SocModel_t;

// ---------------------------------------------------------------------------- Versions and scalars

typedef struct {
  uint32_t major;
  uint32_t minor;
  uint32_t patch;
} Qnn_Version_t;
#define QNN_VERSION_INIT \
  { 0u, 0u, 0u }

typedef struct {
  Qnn_Version_t coreApiVersion;  // decides layouts and slots
  // the backend's own; a context binary is refused by an older one
  Qnn_Version_t backendApiVersion;
} Qnn_ApiVersion_t;
#define QNN_API_VERSION_INIT \
  { {QNN_API_VERSION_MAJOR, QNN_API_VERSION_MINOR, QNN_API_VERSION_PATCH}, QNN_VERSION_INIT }

typedef uint64_t Qnn_ContextBinarySize_t;  // bytes

typedef struct {
  Qnn_ErrorReportingLevel_t reportingLevel;
  uint32_t storageLimit;  // KiB the backend may spend on stored messages
} Qnn_ErrorReportingConfig_t;
#define QNN_ERROR_REPORTING_CONFIG_INIT \
  { QNN_ERROR_REPORTING_LEVEL_UNDEFINED, 0u }

// A parameter value. The storage is 8 bytes at offset 8 since core 2.8; before, it was 4 at 4.
typedef struct {
  Qnn_DataType_t dataType;  // selects the member
  union {
    float floatValue;
    double doubleValue;
    uint64_t uint64Value;
    int64_t int64Value;
    uint32_t uint32Value;
    int32_t int32Value;
    uint16_t uint16Value;
    int16_t int16Value;
    uint8_t uint8Value;
    int8_t int8Value;
    uint8_t bool8Value;
    const char* stringValue;
  };
} Qnn_Scalar_t;
#define QNN_SCALAR_INIT              \
  {                                  \
    QNN_DATATYPE_UNDEFINED, { 0.0f } \
  }

// ------------------------------------------------------------------------------------ Quantization

// real = scale * (stored + offset), so an offset is the negated zero point.
typedef struct {
  float scale;
  int32_t offset;
} Qnn_ScaleOffset_t;
#define QNN_SCALE_OFFSET_INIT \
  { 0.0f, 0 }

typedef struct {
  uint32_t bitwidth;  // bits in use, at most those of the storage type
  float scale;
  int32_t offset;
} Qnn_BwScaleOffset_t;
#define QNN_BW_SCALE_OFFSET_INIT \
  { 0u, 0.0f, 0 }

typedef struct {
  int32_t axis;
  uint32_t numScaleOffsets;        // extent of the axis
  Qnn_ScaleOffset_t* scaleOffset;  // [numScaleOffsets]
} Qnn_AxisScaleOffset_t;
#define QNN_AXIS_SCALE_OFFSET_INIT \
  { 0, 0u, NULL }

typedef struct {
  uint32_t bitwidth;
  int32_t axis;
  uint32_t numElements;  // extent of the axis
  float* scales;         // [numElements]
  int32_t* offsets;      // [numElements], or null for all zero
} Qnn_BwAxisScaleOffset_t;
#define QNN_BW_AXIS_SCALE_OFFSET_INIT \
  { 0u, 0, 0u, NULL, NULL }

typedef struct {
  uint32_t* blockSize;             // [rank], extents of one block
  Qnn_ScaleOffset_t* scaleOffset;  // [number of blocks], row-major over the grid of blocks
} Qnn_BlockEncoding_t;
#define QNN_BLOCK_ENCODING_INIT \
  { 0u, NULL }

// scale of (slice i, block b) = scaleOffsets[i].scale * blocksScale[i * numBlocksPerAxis + b].
typedef struct {
  int32_t axis;                     // output channel axis of the weight
  Qnn_ScaleOffset_t* scaleOffsets;  // [extent of axis]
  uint32_t numBlocksPerAxis;
  uint32_t blockScaleBitwidth;  // bits in use of one block scale
  Qnn_BlockwiseExpansionBlockScaleStorageType_t blockScaleStorageType;
  union {  // [extent of axis * numBlocksPerAxis]
    uint8_t* blocksScale8;
    uint16_t* blocksScale16;
  };
} Qnn_BlockwiseExpansion_t;
#define QNN_BLOCKWISE_EXPANSION_INIT                                                    \
  {                                                                                     \
    0, NULL, 0u, 0u, QNN_BLOCKWISE_EXPANSION_BITWIDTH_SCALE_STORAGE_UNDEFINED, { NULL } \
  }

typedef struct {
  Qnn_BwAxisScaleOffset_t bwAxisScaleOffset;  // encoding of the codebook entries
  uint32_t rowsPerBlock;                      // rows that share a codebook
  uint32_t columnsPerBlock;                   // columns that share a codebook
  uint8_t vectorDimension;                    // values per entry
  uint8_t vectorStride;
  uint8_t indexBitwidth;  // bits of one index
} Qnn_VectorEncoding_t;
#define QNN_VECTOR_ENCODING_INIT \
  { QNN_BW_AXIS_SCALE_OFFSET_INIT, 0u, 0u, 0u, 0u, 0u }

// 40 bytes in every generation: encodings that do not fit are held by pointer.
typedef struct {
  Qnn_Definition_t encodingDefinition;
  Qnn_QuantizationEncoding_t quantizationEncoding;
  union {
    Qnn_ScaleOffset_t scaleOffsetEncoding;
    Qnn_AxisScaleOffset_t axisScaleOffsetEncoding;
    Qnn_BwScaleOffset_t bwScaleOffsetEncoding;
    Qnn_BwAxisScaleOffset_t bwAxisScaleOffsetEncoding;
    Qnn_BlockEncoding_t blockEncoding;
    Qnn_BlockwiseExpansion_t* blockwiseExpansion;
    Qnn_VectorEncoding_t* vectorEncoding;
  };
} Qnn_QuantizeParams_t;
#define QNN_QUANTIZE_PARAMS_INIT                                                             \
  {                                                                                          \
    QNN_DEFINITION_UNDEFINED, QNN_QUANTIZATION_ENCODING_UNDEFINED, { QNN_SCALE_OFFSET_INIT } \
  }

// ----------------------------------------------------------------------------------------- Tensors

typedef struct {
  void* data;
  uint32_t dataSize;  // bytes
} Qnn_ClientBuffer_t;
#define QNN_CLIENT_BUFFER_INIT \
  { NULL, 0u }

typedef struct {
  void* data;
  uint64_t len;  // bytes
} Qnn_OpaqueObject_t;
#define QNN_OPAQUE_OBJECT_INIT \
  { NULL, 0u }

typedef uint32_t Qnn_TensorDataFormat_t;
#define QNN_TENSOR_DATA_FORMAT_DENSE 0        // row-major, last axis contiguous
#define QNN_TENSOR_DATA_FORMAT_FLAT_BUFFER 0  // older name of DENSE
#define QNN_TENSOR_DATA_FORMAT_SPARSE 1
#define QNN_TENSOR_DATA_FORMAT_CODEBOOK 2

typedef struct {
  uint32_t id;       // written by the create call; execute finds the tensor by it
  const char* name;  // unique in its graph; may be null at execute
  Qnn_TensorType_t type;
  Qnn_TensorDataFormat_t dataFormat;
  Qnn_DataType_t dataType;
  Qnn_QuantizeParams_t quantizeParams;
  uint32_t rank;
  uint32_t* dimensions;  // [rank]
  Qnn_TensorMemType_t memType;
  union {
    Qnn_ClientBuffer_t clientBuf;
    Qnn_MemHandle_t memHandle;
  };
} Qnn_TensorV1_t;
#define QNN_TENSOR_V1_INIT                                                                         \
  {                                                                                                \
    0u, NULL, QNN_TENSOR_TYPE_UNDEFINED, QNN_TENSOR_DATA_FORMAT_FLAT_BUFFER,                       \
        QNN_DATATYPE_UNDEFINED, QNN_QUANTIZE_PARAMS_INIT, 0u, NULL, QNN_TENSORMEMTYPE_UNDEFINED, { \
      QNN_CLIENT_BUFFER_INIT                                                                       \
    }                                                                                              \
  }

// COO coordinates over the first axes, dense over the rest.
typedef struct {
  uint32_t numSpecifiedElements;
  uint32_t numSparseDimensions;
} Qnn_SparseLayoutHybridCoo_t;
#define QNN_SPARSE_LAYOUT_HYBRID_COO_INIT \
  { 0u, 0u }

typedef struct {
  Qnn_SparseLayoutType_t type;
  union {
    Qnn_SparseLayoutHybridCoo_t hybridCoo;
  };
} Qnn_SparseParams_t;
#define QNN_SPARSE_PARAMS_INIT \
  { QNN_SPARSE_LAYOUT_UNDEFINED, QNN_SPARSE_LAYOUT_HYBRID_COO_INIT }

// V1 with three fields appended: every V1 member keeps its offset, so v1 may be read for both.
typedef struct {
  uint32_t id;
  const char* name;
  Qnn_TensorType_t type;
  Qnn_TensorDataFormat_t dataFormat;
  Qnn_DataType_t dataType;
  Qnn_QuantizeParams_t quantizeParams;
  uint32_t rank;
  uint32_t* dimensions;
  Qnn_TensorMemType_t memType;
  union {
    Qnn_ClientBuffer_t clientBuf;
    Qnn_MemHandle_t memHandle;
  };
  uint8_t* isDynamicDimensions;  // [rank], non-zero where the extent may shrink; null = none
  Qnn_SparseParams_t sparseParams;
  uint8_t isProduced;  // set by execute: whether the output was written
} Qnn_TensorV2_t;
#define QNN_TENSOR_V2_INIT                                                                       \
  {                                                                                              \
    0u, NULL, QNN_TENSOR_TYPE_UNDEFINED, QNN_TENSOR_DATA_FORMAT_FLAT_BUFFER,                     \
        QNN_DATATYPE_UNDEFINED, QNN_QUANTIZE_PARAMS_INIT, 0u, NULL, QNN_TENSORMEMTYPE_UNDEFINED, \
        {QNN_CLIENT_BUFFER_INIT}, NULL, QNN_SPARSE_PARAMS_INIT, 0u                               \
  }

// Check `version` before touching what only V2 has. HTP binaries hold V1 tensors. Was 120 bytes
// before core 2.14.
typedef struct {
  Qnn_TensorVersion_t version;
  union {
    Qnn_TensorV1_t v1;
    Qnn_TensorV2_t v2;
  };
} Qnn_Tensor_t;
#define QNN_TENSOR_INIT                          \
  {                                              \
    QNN_TENSOR_VERSION_1, { QNN_TENSOR_V1_INIT } \
  }

typedef struct {
  uint32_t numInputs;
  Qnn_Tensor_t* inputs;  // [numInputs]
  uint32_t numOutputs;
  Qnn_Tensor_t* outputs;  // [numOutputs]
} Qnn_TensorSetV1_t;
#define QNN_TENSOR_SET_V1_INIT \
  { 0u, NULL, 0u, NULL }

typedef struct {
  Qnn_TensorSetVersion_t version;
  union {
    Qnn_TensorSetV1_t v1;
  };
} Qnn_TensorSet_t;
#define QNN_TENSOR_SET_INIT                              \
  {                                                      \
    QNN_TENSOR_SET_VERSION_1, { QNN_TENSOR_SET_V1_INIT } \
  }

// --------------------------------------------------------------------------------------------- Ops

// Whether a parameter is a scalar or a STATIC tensor is fixed per op and parameter.
typedef struct {
  Qnn_ParamType_t paramType;
  const char* name;  // one of the QNN_OP_*_PARAM_* strings
  union {
    Qnn_Scalar_t scalarParam;
    Qnn_Tensor_t tensorParam;
  };
} Qnn_Param_t;
#define QNN_PARAM_INIT                                 \
  {                                                    \
    QNN_PARAMTYPE_UNDEFINED, NULL, { QNN_SCALAR_INIT } \
  }

typedef struct {
  const char* name;         // node name, unique in its graph
  const char* packageName;  // QNN_OP_PACKAGE_NAME_QTI_AISW for the built-in ops
  const char* typeName;     // one of the QNN_OP_* strings
  uint32_t numOfParams;
  Qnn_Param_t* params;  // [numOfParams], any order
  uint32_t numOfInputs;
  Qnn_Tensor_t* inputTensors;  // [numOfInputs], in the op's order
  uint32_t numOfOutputs;
  Qnn_Tensor_t* outputTensors;  // [numOfOutputs]
} Qnn_OpConfigV1_t;
#define QNN_OPCONFIG_V1_INIT \
  { NULL, NULL, NULL, 0u, NULL, 0u, NULL, 0u, NULL }

// Passed by value (80 bytes) to graphAddNode and backendValidateOpConfig.
typedef struct {
  Qnn_OpConfigVersion_t version;
  union {
    Qnn_OpConfigV1_t v1;
  };
} Qnn_OpConfig_t;
#define QNN_OPCONFIG_INIT                            \
  {                                                  \
    QNN_OPCONFIG_VERSION_1, { QNN_OPCONFIG_V1_INIT } \
  }

#ifdef __cplusplus
}
#endif
