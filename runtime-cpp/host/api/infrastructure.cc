#include "infrastructure.h"

#include <new>

#include "executor.h"
#include "fault.h"
#include "graph.h"

namespace qnn_host {
namespace {

/// Calls `read` with the graph's executor while the graph is not used otherwise.
template <typename Read>
Qnn_ErrorHandle_t with_executor(Qnn_GraphHandle_t handle, const void* result, Read read) noexcept {
  try {
    const auto graph = Registry::instance().find<Graph>(handle);
    if (graph == nullptr)
      return report(nullptr, QNN_GRAPH_ERROR_INVALID_HANDLE, bad_handle("graph", handle));
    if (result == nullptr)
      return report(graph->log(), QNN_GRAPH_ERROR_INVALID_ARGUMENT,
                    "the place for the result is null");
    return report(graph->log(), graph->with_executor(read));
  } catch (const std::bad_alloc&) {
    return QNN_GRAPH_ERROR_MEM_ALLOC;
  }
}

Qnn_ErrorHandle_t get_overflow(Qnn_GraphHandle_t graph, const QnnHostGraph_Overflow_t** overflow) {
  return with_executor(graph, overflow,
                       [=](Executor& executor) { *overflow = executor.overflow(); });
}

Qnn_ErrorHandle_t get_footprint(Qnn_GraphHandle_t graph, QnnHostGraph_Footprint_t* footprint) {
  return with_executor(graph, footprint,
                       [=](Executor& executor) { *footprint = executor.footprint(); });
}

Qnn_ErrorHandle_t measure_bandwidth(Qnn_GraphHandle_t graph, uint64_t bytes,
                                    double* bytes_per_second) {
  return with_executor(graph, bytes_per_second, [=](Executor& executor) {
    *bytes_per_second = executor.measure_read_bandwidth(bytes);
  });
}

constexpr QnnHostDevice_Infrastructure_t kInfrastructure = {sizeof(QnnHostDevice_Infrastructure_t),
                                                            get_overflow, get_footprint,
                                                            measure_bandwidth, instruction_set};

}  // namespace

const QnnHostDevice_Infrastructure_t& infrastructure() {
  return kInfrastructure;
}

}  // namespace qnn_host
