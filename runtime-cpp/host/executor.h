#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "Host/QnnHost.h"
#include "graph_model.h"

namespace qnn_host {

struct ExecutorOptions {
  uint32_t threads = 0;  ///< 0: as many as the machine has cores
  bool reference_kernels = false;
  bool fuse = true;  ///< element-wise chains as one step; the results are the same
};

/// Time of one step of an execution, for profiles.
struct StepTime {
  uint32_t node;  ///< place in GraphModel::nodes; of a fused chain, its last node
  uint64_t microseconds;
};

/// A finalized graph: memory planned, weights packed, kernels chosen.
class Executor {
 public:
  /// Null and a message when a node cannot be computed. The model outlives the executor.
  static std::unique_ptr<Executor> create(const GraphModel& model, const ExecutorOptions& options,
                                          std::string* message);
  virtual ~Executor() = default;

  /// `buffers[i]` is the client's memory of tensor i of the model where that is APP_WRITE or
  /// APP_READ, else ignored. Executions are not concurrent. With `times`, one entry is appended per
  /// step.
  virtual void execute(void* const* buffers, std::vector<StepTime>* times) = 0;

  /// Of the last execution; null when everything was finite.
  virtual const QnnHostGraph_Overflow_t* overflow() const = 0;
  virtual QnnHostGraph_Footprint_t footprint() const = 0;
  virtual double measure_read_bandwidth(uint64_t bytes) = 0;
};

/// "AVX3", "AVX2", "NEON", ... or "none".
const char* instruction_set();

}  // namespace qnn_host
