#pragma once

#include <memory>
#include <vector>

#include "bandwidth.h"
#include "executor.h"
#include "huge_memory.h"
#include "memory_plan.h"
#include "overflow_watch.h"
#include "threads/thread_pool.h"

namespace qnn_host {

/// Runs the steps one after the other over one block of memory.
class GraphExecutor : public Executor {
 public:
  GraphExecutor(const GraphModel& model, const ExecutorOptions& options)
      : model_(model), options_(options) {}

  /// False when there is no memory.
  bool prepare(std::vector<Step> steps);
  void execute(void* const* buffers, std::vector<StepTime>* times) override;
  const QnnHostGraph_Overflow_t* overflow() const override {
    return overflow_ != nullptr ? &overflow_->record() : nullptr;
  }
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

  void find_origins();
  void add_pointer(uint32_t tensor, bool used);
  bool run(const Step& step, const Call& call);
  void watch(size_t index, bool outside_within, void* const* buffers);
  bool inside(uint32_t tensor, const void* data) const;

  const GraphModel& model_;
  const ExecutorOptions options_;
  std::vector<Step> steps_;
  MemoryPlan plan_;
  HugeMemory arena_;
  std::vector<void*> pointers_;
  std::vector<Call> calls_;
  std::vector<ClientPointer> client_pointers_;
  QnnHostGraph_Footprint_t footprint_ = {};
  /// By node; null where it only moves bytes.
  std::vector<std::shared_ptr<const Kernel>> kernels_;
  std::unique_ptr<OverflowReport> overflow_;
  /// Tensors that steps of this execution have left with values outside the finite range. Empty:
  /// none.
  std::vector<bool> outside_;
  /// Which tensor's step made the values of a tensor; itself, for inputs and static data.
  std::vector<uint32_t> origins_;
  std::unique_ptr<BandwidthProbe> probe_;
  /// Last: its threads stop before what they may be reading goes.
  std::unique_ptr<ThreadPool> threads_;
};

}  // namespace qnn_host
