#include <algorithm>

#include "../validate/sane_enum.h"
#include "../validate/tensor_rules.h"
#include "graph.h"

// A graph from finalize on.

namespace qnn_host {
namespace {

using Lock = std::lock_guard<std::mutex>;

Event make_event(QnnProfile_EventType_t type, const std::string& name, uint64_t microseconds) {
  Event event;
  event.type = type;
  event.name = name;
  event.value = microseconds;
  return event;
}

}  // namespace

Fault Graph::check_open() const {
  if (!closed_) return {};
  return {QNN_GRAPH_ERROR_INVALID_HANDLE, "graph " + name() + " was freed with its context"};
}

Fault Graph::check_building() const {
  if (Fault fault = check_open()) return fault;
  if (executor_ == nullptr) return {};
  return {QNN_GRAPH_ERROR_GRAPH_FINALIZED, "graph " + name() + " is finalized already"};
}

Fault Graph::check_finalized() const {
  if (Fault fault = check_open()) return fault;
  if (executor_ != nullptr) return {};
  return {QNN_GRAPH_ERROR_GRAPH_NOT_FINALIZED,
          "graph " + name() + " is not finalized (graphFinalize)"};
}

bool Graph::finalized() const {
  const Lock lock(mutex_);
  return executor_ != nullptr;
}

void Graph::close() {
  const Lock lock(mutex_);
  closed_ = true;
  executor_.reset();
}

Fault Graph::finalize(Profile* profile) {
  const Lock lock(mutex_);
  const Stopwatch stopwatch;
  if (Fault fault = check_building()) return fault;
  if (Fault fault = builder_.check_complete()) return fault;
  std::string message;
  auto executor = Executor::create(model(), options_.executor, &message);
  if (executor == nullptr)
    return {QNN_GRAPH_ERROR_FINALIZE_FAILED, "graph " + name() + ": " + message};
  inputs_.clear();
  outputs_.clear();
  for (uint32_t i = 0; i < model().tensors.size(); ++i) {
    const Qnn_TensorType_t type = model().tensors[i].type;
    if (type == QNN_TENSOR_TYPE_APP_WRITE) inputs_.push_back(i);
    if (type == QNN_TENSOR_TYPE_APP_READ) outputs_.push_back(i);
  }
  buffers_.assign(model().tensors.size(), nullptr);
  executor_ = std::move(executor);
  if (profile != nullptr)
    profile->set_events({make_event(QNN_PROFILE_EVENTTYPE_FINALIZE, "finalize " + name(),
                                    stopwatch.microseconds())});
  return {};
}

Fault Graph::execute(const Qnn_Tensor_t* inputs, uint32_t input_count, Qnn_Tensor_t* outputs,
                     uint32_t output_count, Profile* profile) {
  const Lock lock(mutex_);
  const Stopwatch stopwatch;
  if (Fault fault = check_finalized()) return fault;
  std::fill(buffers_.begin(), buffers_.end(), nullptr);
  if (Fault fault = bind(inputs, input_count, QNN_TENSOR_TYPE_APP_WRITE)) return fault;
  if (Fault fault = bind(outputs, output_count, QNN_TENSOR_TYPE_APP_READ)) return fault;
  if (Fault fault = check_overlap()) return fault;
  std::vector<StepTime> times;
  const bool detailed = profile != nullptr && profile->detailed();
  executor_->execute(buffers_.data(), detailed ? &times : nullptr);
  for (uint32_t i = 0; i < output_count; ++i) {
    if (outputs[i].version == QNN_TENSOR_VERSION_2) outputs[i].v2.isProduced = 1;
  }
  if (profile != nullptr) {
    Event event =
        make_event(QNN_PROFILE_EVENTTYPE_EXECUTE, "execute " + name(), stopwatch.microseconds());
    event.children = describe_times(times);
    profile->set_events({std::move(event)});
  }
  return {};
}

std::vector<Event> Graph::describe_times(const std::vector<StepTime>& times) const {
  std::vector<Event> events;
  for (const StepTime& time : times) {
    events.push_back(
        make_event(QNN_PROFILE_EVENTTYPE_NODE, model().nodes[time.node].name, time.microseconds));
  }
  return events;
}

Fault Graph::bind(const Qnn_Tensor_t* tensors, uint32_t count, Qnn_TensorType_t type) {
  const bool input = type == QNN_TENSOR_TYPE_APP_WRITE;
  const std::vector<uint32_t>& wanted = input ? inputs_ : outputs_;
  const std::string what = input ? "inputs" : "outputs";
  if (count > 0 && tensors == nullptr)
    return {QNN_GRAPH_ERROR_INVALID_ARGUMENT,
            "graph " + name() + ": " + std::to_string(count) + " " + what + ", the list is null"};
  if (count != wanted.size())
    return {QNN_GRAPH_ERROR_INVALID_ARGUMENT, "graph " + name() + " has " +
                                                  std::to_string(wanted.size()) + " " + what +
                                                  ", " + std::to_string(count) + " were given"};
  for (uint32_t i = 0; i < count; ++i) {
    if (Fault fault = bind_one(tensors[i], type)) return fault;
  }
  // As many tensors as there are places and none twice: all are bound.
  return {};
}

Fault Graph::bind_one(const Qnn_Tensor_t& source, Qnn_TensorType_t type) {
  const auto fail = [this](const std::string& problem) -> Fault {
    return {QNN_GRAPH_ERROR_INVALID_TENSOR, "graph " + name() + ": " + problem};
  };
  const Qnn_TensorVersion_t version = sane(source.version);
  if (version != QNN_TENSOR_VERSION_1 && version != QNN_TENSOR_VERSION_2)
    return fail("a tensor of version " + std::to_string(version) + ", known are 1 and 2");
  const Qnn_TensorV1_t& v1 = source.v1;
  const int64_t place = builder_.find(v1.id, v1.name);
  if (place < 0 || model().tensors[static_cast<size_t>(place)].type != type)
    return fail(std::string("it has no ") +
                (type == QNN_TENSOR_TYPE_APP_WRITE ? "input" : "output") + " of id " +
                std::to_string(v1.id) + " and name \"" + (v1.name != nullptr ? v1.name : "") +
                "\"");
  const Tensor& tensor = model().tensors[static_cast<size_t>(place)];
  void*& buffer = buffers_[static_cast<size_t>(place)];
  if (buffer != nullptr) return fail("tensor " + tensor.name + " is given twice");
  if (sane(v1.dataType) != tensor.dtype)
    return fail("tensor " + tensor.name + " is " + dtype_name(tensor.dtype) + ", given is " +
                dtype_name(sane(v1.dataType)));
  const bool same_dims = v1.dimensions == nullptr ||
                         (v1.rank == tensor.dims.size() &&
                          std::equal(tensor.dims.begin(), tensor.dims.end(), v1.dimensions));
  if (!same_dims) return fail("tensor " + describe(tensor) + " is given with other dimensions");
  if (sane(v1.memType) != QNN_TENSORMEMTYPE_RAW)
    return fail("tensor " + tensor.name + " has no plain memory (QNN_TENSORMEMTYPE_RAW)");
  if (v1.clientBuf.data == nullptr) return fail("the buffer of tensor " + tensor.name + " is null");
  if (v1.clientBuf.dataSize < tensor.bytes())
    return fail("the buffer of tensor " + tensor.name + " has " +
                std::to_string(v1.clientBuf.dataSize) + " bytes, not " +
                std::to_string(tensor.bytes()));
  if (reinterpret_cast<uintptr_t>(v1.clientBuf.data) % element_size(tensor.dtype) != 0)
    return fail("the buffer of tensor " + tensor.name + " is not aligned to its elements of " +
                std::to_string(element_size(tensor.dtype)) + " bytes");
  buffer = v1.clientBuf.data;
  return {};
}

/// Outputs are written while inputs are still read: they must not share memory.
Fault Graph::check_overlap() {
  ranges_.clear();
  for (const std::vector<uint32_t>* places : {&inputs_, &outputs_}) {
    for (const uint32_t place : *places) {
      const auto* first = static_cast<const uint8_t*>(buffers_[place]);
      ranges_.push_back({first, first + model().tensors[place].bytes(), place});
    }
  }
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  const auto written = [this](const Range& range) {
    return model().tensors[range.tensor].type == QNN_TENSOR_TYPE_APP_READ;
  };
  // The range that reaches furthest so far, of all and of outputs: only these can reach into the
  // next.
  const Range* all = nullptr;
  const Range* output = nullptr;
  for (const Range& range : ranges_) {
    const Range* before = written(range) ? all : output;
    if (before != nullptr && before->last > range.first)
      return {QNN_GRAPH_ERROR_INVALID_TENSOR, "graph " + name() + ": the buffers of tensors " +
                                                  model().tensors[before->tensor].name + " and " +
                                                  model().tensors[range.tensor].name +
                                                  " overlap, and an output is among them"};
    if (all == nullptr || range.last > all->last) all = &range;
    if (written(range) && (output == nullptr || range.last > output->last)) output = &range;
  }
  return {};
}

}  // namespace qnn_host
