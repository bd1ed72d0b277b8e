#pragma once

// What the host backend, libQnnHost.so, offers beyond the QNN API: graph options, given to
// graphCreate as QNN_GRAPH_CONFIG_OPTION_CUSTOM, and a table of functions that
// deviceGetInfrastructure answers with.

#include "../QnnCommon.h"
#include "../QnnGraph.h"
#include "../QnnProperty.h"
#include "../QnnTypes.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QNN_BACKEND_ID_HOST 0x52574B  // "RWK"; the vendor's own ids are small numbers

// A key for QnnProperty_hasCapability, beyond QNN's own: whether STATIC tensors may be of type
// QNN_DATATYPE_SFIXED_POINT_4, two elements to a byte, the first in the low half, with
// BW_AXIS_SCALE_OFFSET or BW_SCALE_OFFSET of bit width 4 or BLOCKWISE_EXPANSION. Backends that do
// not know it want each element in a byte of its own (QNN_DATATYPE_SFIXED_POINT_8).
enum { kRwkvcPropertyPacked4Bit = QNN_PROPERTY_GROUP_CUSTOM + 4 };

typedef enum {
  // The client promises that the data of static tensors stay readable and unchanged until the
  // graph's context is freed,
  // and that they are a mapping of a file: nothing is copied when tensors are created, and the
  // backend may drop the pages of what
  // it has packed (they come back from the file when they are read again). Without it data are
  // copied at creation.
  QNN_HOST_GRAPH_CONFIG_OPTION_MAPPED_STATIC_DATA = 1,
  // Threads that execute the graph, the caller's included; 0: as many as the machine has cores.
  QNN_HOST_GRAPH_CONFIG_OPTION_THREADS = 2,
  // Plain kernels instead of vectorised ones: slow, for comparisons.
  QNN_HOST_GRAPH_CONFIG_OPTION_REFERENCE_KERNELS = 3,
  QNN_HOST_GRAPH_CONFIG_OPTION_UNKNOWN = 0x7FFFFFFF,
} QnnHostGraph_ConfigOption_t;

typedef struct {
  QnnHostGraph_ConfigOption_t option;
  uint32_t value;
} QnnHostGraph_CustomConfig_t;

// A tensor that a node read, and how large its values were (the largest finite magnitude).
typedef struct {
  const char* tensor;
  double largest;
} QnnHostGraph_Range_t;

// The first node, in the order of execution, whose output held a value outside the finite numbers
// of its type while all its inputs were inside.
typedef struct {
  const char* node;
  const char* tensor;
  uint64_t index;     // of the first such element
  double value;       // what was computed: +-inf, NaN, or for float16 a magnitude above 65504
  uint64_t elements;  // how many of the tensor's elements are such
  uint32_t inputCount;
  const QnnHostGraph_Range_t* inputs;
} QnnHostGraph_Overflow_t;

typedef struct {
  uint64_t weightBytes;   // static data that one execution reads
  uint64_t packedBytes;   // memory that holds them
  uint64_t arenaBytes;    // memory of values between nodes
  uint64_t multiplyAdds;  // of one execution
  uint32_t steps;         // what is executed, after fusion
  uint32_t threads;
} QnnHostGraph_Footprint_t;

// What deviceGetInfrastructure gives. Fields are only ever appended; `size` is the table's own size
// in bytes.
typedef struct {
  uint32_t size;
  // Of the graph's last execution; *overflow is null when all values were finite. Lives until the
  // next execution.
  Qnn_ErrorHandle_t (*graphGetOverflow)(Qnn_GraphHandle_t graph,
                                        const QnnHostGraph_Overflow_t** overflow);
  // Of a finalized graph.
  Qnn_ErrorHandle_t (*graphGetFootprint)(Qnn_GraphHandle_t graph,
                                         QnnHostGraph_Footprint_t* footprint);
  // Reads `bytes` of memory once, with the given number of the graph's threads, as fast as the
  // machine allows; gives bytes/s.
  Qnn_ErrorHandle_t (*measureReadBandwidth)(Qnn_GraphHandle_t graph, uint64_t bytes,
                                            double* bytesPerSecond);
  // "AVX3", "AVX2", "NEON", ...: the instructions that the kernels were dispatched to; "none" for a
  // build without them.
  const char* (*instructionSet)(void);
} QnnHostDevice_Infrastructure_t;

#ifdef __cplusplus
}
#endif
