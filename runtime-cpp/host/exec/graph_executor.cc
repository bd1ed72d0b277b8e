#include "graph_executor.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "footprint.h"
#include "fusion.h"
#include "multiply_add.h"
#include "schedule.h"
#include "unfused_run.h"

namespace qnn_host {
namespace {

/// Beyond this, threads only take one another's memory bandwidth.
constexpr uint32_t kMostThreads = 64;

uint32_t threads_of(const ExecutorOptions& options) {
  const uint32_t wanted =
      options.threads != 0 ? options.threads : std::thread::hardware_concurrency();
  return std::max(1u, std::min(wanted, kMostThreads));
}

}  // namespace

std::unique_ptr<Executor> Executor::create(const GraphModel& model, const ExecutorOptions& options,
                                           std::string* message) {
  std::vector<Step> steps;
  if (!make_steps(model, options, &steps, message)) return nullptr;
  auto executor = std::make_unique<GraphExecutor>(model, options);
  if (!executor->prepare(std::move(steps))) {
    *message = "graph " + model.name + ": out of memory";
    return nullptr;
  }
  return executor;
}

bool GraphExecutor::prepare(std::vector<Step> steps) {
  steps_ = std::move(steps);
  for (const Step& step : steps_) kernels_.push_back(step.kernel);
  join_multiply_adds(model_, &steps_);
  if (!options_.reference_kernels && options_.fuse) fuse_steps(model_, &steps_);
  find_origins();
  plan_ = plan_memory(model_, &steps_);
  arena_ = HugeMemory(plan_.arena_bytes);
  if (arena_.data() == nullptr && plan_.arena_bytes != 0) return false;
  // Views and values that are made in place leave nothing to do.
  std::vector<Step> left;
  for (Step& step : steps_) {
    if (step.kernel != nullptr || !step.moves.empty()) left.push_back(std::move(step));
  }
  steps_ = std::move(left);
  for (const Step& step : steps_) {
    calls_.push_back({static_cast<uint32_t>(pointers_.size()),
                      static_cast<uint32_t>(pointers_.size() + step.inputs.size())});
    for (uint32_t i = 0; i < step.inputs.size(); ++i)
      add_pointer(step.inputs[i], step.kernel == nullptr || step.kernel->reads(i));
    for (const uint32_t output : step.outputs) add_pointer(output, true);
  }
  threads_ = std::make_unique<ThreadPool>(threads_of(options_));
  footprint_ = footprint_of(model_, steps_);
  footprint_.arenaBytes = plan_.arena_bytes;
  footprint_.threads = threads_->threads();
  std::vector<PackedView> weights;
  for (const Step& step : steps_) {
    const PackedView packed = step.kernel != nullptr ? step.kernel->packed() : PackedView();
    if (packed.bytes != 0) weights.push_back(packed);
  }
  probe_ = std::make_unique<BandwidthProbe>(std::move(weights));
  return true;
}

/// Before the plan drops moves.
void GraphExecutor::find_origins() {
  origins_.resize(model_.tensors.size());
  for (uint32_t i = 0; i < origins_.size(); ++i) origins_[i] = i;
  for (const Step& step : steps_) {
    if (step.moves.empty() || step.inputs.size() != 1) continue;
    for (const uint32_t output : step.outputs) origins_[output] = origins_[step.inputs[0]];
  }
}

double GraphExecutor::measure_read_bandwidth(uint64_t bytes) {
  return probe_->measure(bytes, threads_.get());
}

void GraphExecutor::add_pointer(uint32_t tensor, bool used) {
  const Place& place = plan_.places[tensor];
  void* pointer = nullptr;
  if (place.kind == Place::Kind::kStatic && used)
    pointer = const_cast<uint8_t*>(model_.tensors[place.tensor].data) + place.offset;
  if (place.kind == Place::Kind::kArena) pointer = arena_.data() + place.offset;
  if (place.kind == Place::Kind::kClient)
    client_pointers_.push_back(
        {static_cast<uint32_t>(pointers_.size()), place.tensor, place.offset});
  pointers_.push_back(pointer);
}

void GraphExecutor::execute(void* const* buffers, std::vector<StepTime>* times) {
  for (const ClientPointer& client : client_pointers_)
    pointers_[client.slot] = static_cast<uint8_t*>(buffers[client.tensor]) + client.offset;
  overflow_.reset();
  outside_.clear();
  for (size_t i = 0; i < steps_.size(); ++i) {
    const auto start = times != nullptr ? std::chrono::steady_clock::now()
                                        : std::chrono::steady_clock::time_point();
    const bool outside_within = run(steps_[i], calls_[i]);
    if (overflow_ == nullptr) watch(i, outside_within, buffers);
    if (times == nullptr) continue;
    const auto taken = std::chrono::steady_clock::now() - start;
    times->push_back({steps_[i].nodes.back(),
                      static_cast<uint64_t>(
                          std::chrono::duration_cast<std::chrono::microseconds>(taken).count())});
  }
}

bool GraphExecutor::run(const Step& step, const Call& call) {
  if (step.kernel != nullptr) {
    bool outside = false;
    step.kernel->run({&pointers_[call.inputs], &pointers_[call.outputs], threads_.get(), &outside});
    return outside;
  }
  for (const Move& move : step.moves)
    std::memcpy(static_cast<uint8_t*>(pointers_[call.outputs + move.output]) + move.to,
                static_cast<const uint8_t*>(pointers_[call.inputs + move.input]) + move.from,
                move.bytes);
  return false;
}

/// Of a value that a step has made, what was seen then: it may have been written over since.
bool GraphExecutor::inside(uint32_t tensor, const void* data) const {
  const uint32_t origin = origins_[tensor];
  const Tensor& source = model_.tensors[origin];
  if (source.type != QNN_TENSOR_TYPE_APP_WRITE && !source.is_static())
    return outside_.empty() || !outside_[origin];
  return data == nullptr || !is_outside_range(model_.tensors[tensor], data);
}

void GraphExecutor::watch(size_t index, bool outside_within, void* const* buffers) {
  const Step& step = steps_[index];
  const Call& call = calls_[index];
  if (step.kernel == nullptr || (step.kernel->tells_outside() && !outside_within)) return;
  bool outside = outside_within;
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    if (!is_outside_range(model_.tensors[step.outputs[i]], pointers_[call.outputs + i])) continue;
    outside = true;
    if (outside_.empty()) outside_.resize(model_.tensors.size(), false);
    outside_[step.outputs[i]] = true;
  }
  if (!outside) return;
  for (size_t i = 0; i < step.inputs.size(); ++i) {
    if (!inside(step.inputs[i], pointers_[call.inputs + i])) return;
  }
  overflow_ = find_overflow(model_, kernels_, buffers);
}

}  // namespace qnn_host
