#pragma once

#include <memory>
#include <vector>

#include "executor.h"
#include "huge_memory.h"
#include "memory_plan.h"

namespace qnn_host {

/// Runs the steps one after the other over one block of memory.
class GraphExecutor : public Executor {
 public:
  GraphExecutor(const GraphModel& model, const ExecutorOptions& options)
      : model_(model), options_(options) {}

  /// False when there is no memory.
  bool prepare(std::vector<Step> steps);
  void execute(void* const* buffers, std::vector<StepTime>* times) override;
  const QnnHostGraph_Overflow_t* overflow() const override { return nullptr; }
  QnnHostGraph_Footprint_t footprint() const override { return footprint_; }
  double measure_read_bandwidth(uint64_t bytes) override;

 private:
  /// Where a step's operands stand in `pointers_`.
  struct Call {
    uint32_t inputs, outputs;
  };
  /// A pointer into a client's buffer, set anew for each execution.
  struct ClientPointer {
    uint32_t slot, tensor;
    uint64_t offset;
  };

  void add_pointer(uint32_t tensor, bool used);
  void run(const Step& step, const Call& call);
  void count_footprint();

  const GraphModel& model_;
  const ExecutorOptions options_;
  std::vector<Step> steps_;
  MemoryPlan plan_;
  HugeMemory arena_;
  std::vector<void*> pointers_;
  std::vector<Call> calls_;
  std::vector<ClientPointer> client_pointers_;
  QnnHostGraph_Footprint_t footprint_ = {};
};

}  // namespace qnn_host
