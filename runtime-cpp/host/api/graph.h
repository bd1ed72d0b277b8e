#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "../validate/graph_builder.h"
#include "QnnGraph.h"
#include "executor.h"
#include "log.h"
#include "profile.h"
#include "registry.h"

namespace qnn_host {

/// More threads than any machine gains by.
constexpr uint32_t kMaxThreads = 1024;

/// How a graph is built and run: the options of Host/QnnHost.h.
struct GraphOptions {
  ExecutorOptions executor;
  bool mapped_static_data = false;
};

/// Ids of the tensors of one context. Shared by its graphs, so that a tensor of one graph is not
/// taken for one of another.
using TensorIds = std::atomic<uint32_t>;

/// A graph through its life: under construction, finalized, closed (its context is freed). Calls
/// from several threads wait for each other.
class Graph : public Object {
 public:
  static constexpr Kind kKind = Kind::kGraph;

  Graph(std::string name, std::shared_ptr<Log> log, std::shared_ptr<TensorIds> ids)
      : log_(std::move(log)), ids_(std::move(ids)), builder_(std::move(name)) {}
  /// One that was read from a context binary.
  Graph(GraphBuilder builder, GraphOptions options, std::shared_ptr<Log> log)
      : log_(std::move(log)), builder_(std::move(builder)), options_(options) {}

  /// May be null.
  const Log* log() const { return log_.get(); }
  const std::string& name() const { return builder_.model().name; }

  Fault configure(const QnnGraph_Config_t* const* config);
  /// Writes the new id into `tensor`.
  Fault create_tensor(Qnn_Tensor_t* tensor);
  Fault add_node(const Qnn_OpConfig_t& config);
  /// `profile` may be null, here and below.
  Fault finalize(Profile* profile);
  Fault execute(const Qnn_Tensor_t* inputs, uint32_t input_count, Qnn_Tensor_t* outputs,
                uint32_t output_count, Profile* profile);
  /// Waits for what is running. Later calls answer QNN_GRAPH_ERROR_INVALID_HANDLE.
  void close();

  bool finalized() const;
  /// Does not change once the graph is finalized.
  const GraphModel& model() const { return builder_.model(); }
  const GraphOptions& options() const { return options_; }

  /// Calls `use(Executor&)` while nothing else uses the graph. QNN_GRAPH_ERROR_GRAPH_NOT_FINALIZED.
  template <typename Use>
  Fault with_executor(Use use) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (Fault fault = check_finalized()) return fault;
    use(*executor_);
    return {};
  }

 private:
  Fault check_open() const;
  Fault check_building() const;
  Fault check_finalized() const;
  Fault configure_one(const QnnGraph_Config_t& config);
  Fault configure_custom(const void* custom);
  /// Puts the buffers of all graph inputs (or outputs) into buffers_.
  Fault bind(const Qnn_Tensor_t* tensors, uint32_t count, Qnn_TensorType_t type);
  Fault bind_one(const Qnn_Tensor_t& tensor, Qnn_TensorType_t type);
  Fault check_overlap();
  std::vector<Event> describe_times(const std::vector<StepTime>& times) const;

  const std::shared_ptr<Log> log_;
  const std::shared_ptr<TensorIds> ids_;

  mutable std::mutex mutex_;  // guards all below
  GraphBuilder builder_;
  GraphOptions options_;
  std::unique_ptr<Executor> executor_;  // once finalized
  bool closed_ = false;

  struct Range {
    const uint8_t* first;
    const uint8_t* last;  // past the end
    uint32_t tensor;
  };
  std::vector<uint32_t> inputs_, outputs_;  // places of the tensors at the boundary
  std::vector<void*> buffers_;              // by tensor, of one execution
  std::vector<Range> ranges_;               // the same, in the order of addresses
};

}  // namespace qnn_host
