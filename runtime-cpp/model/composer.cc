#include "composer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace rwkvc {
namespace {

void call_log(QnnLog_Callback_t log, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  log(format, QNN_LOG_LEVEL_ERROR, 0, arguments);
  va_end(arguments);
}

bool copy_tensor(const Qnn_Tensor_t& from, Qnn_Tensor_t* to) {
  *to = from;
  to->v1.clientBuf = QNN_CLIENT_BUFFER_INIT;
  to->v1.name = strdup(from.v1.name);
  const size_t bytes = from.v1.rank * sizeof(uint32_t);
  to->v1.dimensions = static_cast<uint32_t*>(malloc(bytes == 0 ? 1 : bytes));
  if (to->v1.dimensions != nullptr) memcpy(to->v1.dimensions, from.v1.dimensions, bytes);
  return to->v1.name != nullptr && to->v1.dimensions != nullptr;
}

void free_tensors(Qnn_Tensor_t* tensors, uint32_t count) {
  if (tensors == nullptr) return;
  for (uint32_t i = 0; i < count; ++i) {
    free(const_cast<char*>(tensors[i].v1.name));
    free(tensors[i].v1.dimensions);
  }
  free(tensors);
}

}  // namespace

bool Composer::takes_packed() const {
  // kRwkvcPropertyPacked4Bit of Host/QnnHost.h: other backends do not know it, and say so.
  constexpr QnnProperty_Key_t kPacked4Bit = QNN_PROPERTY_GROUP_CUSTOM + 4;
  return interface.propertyHasCapability != nullptr &&
         interface.propertyHasCapability(kPacked4Bit) == QNN_PROPERTY_SUPPORTED;
}

void Composer::fail(ModelError_t error, const char* format, ...) {
  if (failed()) return;
  error_ = error;
  char message[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  if (log != nullptr) {
    call_log(log, "rwkvc: %s\n", message);
  } else {
    fprintf(stderr, "rwkvc: %s\n", message);
  }
}

const QnnGraph_Config_t** Composer::config(const char* graph_name) const {
  for (uint32_t i = 0; configs != nullptr && i < config_count; ++i) {
    const GraphConfigInfo_t* entry = configs[i];
    if (entry != nullptr && entry->graphName != nullptr &&
        strcmp(entry->graphName, graph_name) == 0) {
      return const_cast<const QnnGraph_Config_t**>(entry->graphConfigs);
    }
  }
  return nullptr;
}

void Composer::describe(const Graph& graph, GraphInfo_t* info) {
  info->graph = graph.handle_;
  info->graphName = strdup(graph.name_);
  info->inputTensors = copy_tensors(graph.inputs_, &info->numInputTensors);
  info->outputTensors = copy_tensors(graph.outputs_, &info->numOutputTensors);
  info->updateableTensors = nullptr;
  info->numUpdateableTensors = 0;
  if (info->graphName == nullptr) fail(MODEL_MEMORY_ALLOCATE_ERROR, "out of memory");
}

Qnn_Tensor_t* Composer::copy_tensors(const Boundary* list, uint32_t* count) {
  uint32_t length = 0;
  for (const Boundary* b = list; b != nullptr; b = b->next) ++length;
  auto* tensors =
      static_cast<Qnn_Tensor_t*>(calloc(length == 0 ? 1 : length, sizeof(Qnn_Tensor_t)));
  *count = tensors == nullptr ? 0 : length;
  bool good = tensors != nullptr;
  for (uint32_t i = 0; good && i < length; ++i, list = list->next)
    good = copy_tensor(*list->tensor, &tensors[i]);
  if (!good) fail(MODEL_MEMORY_ALLOCATE_ERROR, "out of memory");
  return tensors;
}

void free_description(GraphInfo_t* info) {
  free(info->graphName);
  free_tensors(info->inputTensors, info->numInputTensors);
  free_tensors(info->outputTensors, info->numOutputTensors);
  memset(static_cast<void*>(info), 0, sizeof *info);
}

}  // namespace rwkvc
