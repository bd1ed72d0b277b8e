#include "graph_executor.h"

#include <chrono>

#include "footprint.h"
#include "schedule.h"

namespace qnn_host {

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
  footprint_ = footprint_of(model_, steps_);
  footprint_.arenaBytes = plan_.arena_bytes;
  footprint_.threads = 1;
  return true;
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
  for (size_t i = 0; i < steps_.size(); ++i) {
    const auto start = times != nullptr ? std::chrono::steady_clock::now()
                                        : std::chrono::steady_clock::time_point();
    run(steps_[i], calls_[i]);
    if (times == nullptr) continue;
    const auto taken = std::chrono::steady_clock::now() - start;
    times->push_back({steps_[i].nodes.back(),
                      static_cast<uint64_t>(
                          std::chrono::duration_cast<std::chrono::microseconds>(taken).count())});
  }
}

void GraphExecutor::run(const Step& step, const Call& call) {
  if (step.kernel != nullptr) {
    step.kernel->run({&pointers_[call.inputs], &pointers_[call.outputs], nullptr});
    return;
  }
  for (const Move& move : step.moves)
    std::memcpy(static_cast<uint8_t*>(pointers_[call.outputs + move.output]) + move.to,
                static_cast<const uint8_t*>(pointers_[call.inputs + move.input]) + move.from,
                move.bytes);
}

}  // namespace qnn_host
