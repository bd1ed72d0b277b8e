// One call of QnnModel_composeGraphs: the client's handles, its wishes, the first error, and the
// graphs made so far.
#pragma once

#include <cstdarg>
#include <cstdint>

#include "QnnInterface.h"
#include "QnnModelApi.h"
#include "rwkvc_model.h"

namespace rwkvc {

// A tensor at the graph's boundary, in creation order.
struct Boundary {
  Qnn_Tensor_t* tensor;
  Boundary* next;
};

class Composer {
 public:
  Qnn_BackendHandle_t backend = nullptr;
  Qnn_ContextHandle_t context = nullptr;
  QNN_INTERFACE_VER_TYPE interface;
  const GraphConfigInfo_t** configs = nullptr;
  uint32_t config_count = 0;
  bool debug = false;
  QnnLog_Callback_t log = nullptr;
  QnnLog_Level_t log_level = QNN_LOG_LEVEL_ERROR;

  const uint8_t* weights = nullptr;
  uint64_t weights_bytes = 0;

  bool failed() const { return error_ != MODEL_NO_ERROR; }
  ModelError_t error() const { return error_; }

  // Whether the backend takes 4-bit values two to a byte; others get a byte for each.
  bool takes_packed() const;

  // Records and reports the first error; later ones follow from it and are dropped.
  __attribute__((format(printf, 3, 4))) void fail(ModelError_t error, const char* format, ...);

  // The configuration that the client gave for the graph of this name, or null.
  const QnnGraph_Config_t** config(const char* graph_name) const;

  // Copies what the client gets to know of a finished graph into `info`, all of it malloc'ed.
  void describe(const Graph& graph, GraphInfo_t* info);

 private:
  Qnn_Tensor_t* copy_tensors(const Boundary* list, uint32_t* count);

  ModelError_t error_ = MODEL_NO_ERROR;
};

// Releases what `describe` made.
void free_description(GraphInfo_t* info);

}  // namespace rwkvc
