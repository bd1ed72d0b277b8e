#pragma once

// The interface between a runner and a model library: a shared object that composes graphs into a
// context. In the SDK these declarations come with generated code and not with the include tree,
// hence a file name of our own.

#include <stdbool.h>

// By include path, not beside this file: the vendor's headers may stand in for ours.
#if __has_include(<QnnInterface.h>)
#include <QnnInterface.h>
#else
#include <QNN/QnnInterface.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ModelError {
  MODEL_NO_ERROR = 0,
  MODEL_TENSOR_ERROR = 1,
  MODEL_PARAMS_ERROR = 2,
  MODEL_NODES_ERROR = 3,
  MODEL_GRAPH_ERROR = 4,
  MODEL_CONTEXT_ERROR = 5,
  MODEL_GENERATION_ERROR = 6,
  MODEL_SETUP_ERROR = 7,
  MODEL_INVALID_ARGUMENT_ERROR = 8,
  MODEL_FILE_ERROR = 9,
  MODEL_MEMORY_ALLOCATE_ERROR = 10,
  MODEL_GRAPH_OP_VALIDATION_ERROR = 11,
  MODEL_UNKNOWN_ERROR = 0x7FFFFFFF,
} ModelError_t;

// Options for one graph by name. A runner may pass a non-null list with count 0: look names up.
typedef struct GraphConfigInfo {
  char* graphName;
  const QnnGraph_Config_t** graphConfigs;  // null-terminated
} GraphConfigInfo_t;

// One composed graph. Two layouts exist and nothing in the record tells which was meant: a library
// writes this long form (zeros at the end), a runner reads the prefix they share, and neither steps
// through an array of records by sizeof: use the array of pointers that composeGraphs returns.
typedef struct GraphInfo {
  Qnn_GraphHandle_t graph;
  char* graphName;
  Qnn_Tensor_t* inputTensors;  // APP_WRITE tensors, in creation order
  uint32_t numInputTensors;
  Qnn_Tensor_t* outputTensors;  // APP_READ tensors, in creation order
  uint32_t numOutputTensors;
  Qnn_Tensor_t* updateableTensors;
  uint32_t numUpdateableTensors;
} GraphInfo_t;
typedef GraphInfo_t* GraphInfoPtr_t;

// The short layout (runners, and libraries of SDK 2.13), 48 bytes.
typedef struct {
  Qnn_GraphHandle_t graph;
  char* graphName;
  Qnn_Tensor_t* inputTensors;
  uint32_t numInputTensors;
  Qnn_Tensor_t* outputTensors;
  uint32_t numOutputTensors;
} GraphInfoShort_t;

// Exported by a model library. The interface goes by value:
// - aarch64 passes a pointer to a copy, so the arguments after it keep their places;
// - x86-64 copies the table onto the stack, so the places of debug, logCallback and maxLogLevel
//   depend on its size: 496 bytes for core 2.18, 352 for 2.7, 568 for 2.32. A runner and a library
//   built to different API minors disagree on these three; a library should not rely on them.
// On success *graphsInfo is an array of *numGraphsInfo pointers that the library allocated. With
// `debug`, NATIVE tensors become APP_READ.
QNN_API ModelError_t QnnModel_composeGraphs(
    Qnn_BackendHandle_t backendHandle, QNN_INTERFACE_VER_TYPE interface,
    Qnn_ContextHandle_t contextHandle, const GraphConfigInfo_t** graphsConfigInfo,
    const uint32_t numGraphsConfigInfo, GraphInfo_t*** graphsInfo, uint32_t* numGraphsInfo,
    bool debug, QnnLog_Callback_t logCallback, QnnLog_Level_t maxLogLevel);

// Frees all that composeGraphs allocated and sets *graphsInfo to null. Runners do not always call.
QNN_API ModelError_t QnnModel_freeGraphsInfo(GraphInfo_t*** graphsInfo, uint32_t numGraphsInfo);

// For dlsym; "QnnModel" is the default prefix of both symbols.
typedef ModelError_t (*QnnModel_ComposeGraphsFn_t)(
    Qnn_BackendHandle_t backendHandle, QNN_INTERFACE_VER_TYPE interface,
    Qnn_ContextHandle_t contextHandle, const GraphConfigInfo_t** graphsConfigInfo,
    const uint32_t numGraphsConfigInfo, GraphInfo_t*** graphsInfo, uint32_t* numGraphsInfo,
    bool debug, QnnLog_Callback_t logCallback, QnnLog_Level_t maxLogLevel);
typedef ModelError_t (*QnnModel_FreeGraphsInfoFn_t)(GraphInfo_t*** graphsInfo,
                                                    uint32_t numGraphsInfo);

#ifdef __cplusplus
}
#endif
