// Graphs from finalize on: order of calls, buffers, profiles, several threads.

#include <atomic>
#include <cmath>
#include <thread>

#include "api_client.h"

using namespace client;

namespace {

bool told(const std::string& text) {
  return messages().find(text) != std::string::npos;
}

TEST_F(SmallGraph, Runs) {
  finalize();
  ASSERT_OK(execute()) << messages();
  EXPECT_EQ(expected_, output_);
  EXPECT_EQ("", messages());
}

TEST_F(SmallGraph, StaticDataAreCopiedWhenTheTensorIsCreated) {
  // The client's own copy changes after the fact.
  auto* data = static_cast<float*>(bias_.v1.clientBuf.data);
  std::fill(data, data + 4, 1000.0f);
  finalize();
  ASSERT_OK(execute());
  EXPECT_EQ(expected_, output_);
}

TEST_F(SmallGraph, OrderOfCalls) {
  give(&x_, input_);
  give(&y_, output_);
  EXPECT_CODE(QNN_GRAPH_ERROR_GRAPH_NOT_FINALIZED, execute());
  finalize();
  std::vector<Qnn_Tensor_t> in{x_}, out{y_};
  Qnn_Tensor_t late = tensors_.make("late", QNN_TENSOR_TYPE_NATIVE, QNN_DATATYPE_FLOAT_32, {1});
  const QnnGraph_Config_t* none[] = {nullptr};
  EXPECT_CODE(QNN_GRAPH_ERROR_GRAPH_FINALIZED, qnn().graphFinalize(graph_, nullptr, nullptr));
  EXPECT_CODE(QNN_GRAPH_ERROR_GRAPH_FINALIZED,
              qnn().graphAddNode(graph_, node("n", "Relu", in, out)));
  EXPECT_CODE(QNN_GRAPH_ERROR_GRAPH_FINALIZED, qnn().tensorCreateGraphTensor(graph_, &late));
  EXPECT_CODE(QNN_GRAPH_ERROR_GRAPH_FINALIZED, qnn().graphSetConfig(graph_, none));
  EXPECT_CODE(0, execute());
}

TEST_F(Session, AGraphWithoutNodesIsNotFinalized) {
  EXPECT_CODE(QNN_GRAPH_ERROR_FINALIZE_FAILED,
              qnn().graphFinalize(create_graph(), nullptr, nullptr));
  EXPECT_TRUE(told("graph graph has no nodes"));
}

TEST_F(SmallGraph, AnOutputThatNothingWritesIsNotFinalized) {
  Qnn_Tensor_t lost = tensors_.make("lost", QNN_TENSOR_TYPE_APP_READ, QNN_DATATYPE_FLOAT_32, {4});
  create(graph_, &lost);
  EXPECT_CODE(QNN_GRAPH_ERROR_FINALIZE_FAILED, qnn().graphFinalize(graph_, nullptr, nullptr));
  EXPECT_TRUE(told("has an output lost that no node writes"));
}

TEST_F(SmallGraph, TensorsAreFoundByIdOrByName) {
  finalize();
  x_.v1.name = nullptr;
  y_.v1.id = 0;
  ASSERT_OK(execute()) << messages();
  EXPECT_EQ(expected_, output_);
}

TEST_F(SmallGraph, TheOrderOfTensorsIsFree) {
  Qnn_Tensor_t z = tensors_.make("z", QNN_TENSOR_TYPE_APP_READ, QNN_DATATYPE_FLOAT_32, {1, 4});
  create(graph_, &z);
  std::vector<Qnn_Tensor_t> in{x_}, out{z};
  ASSERT_OK(qnn().graphAddNode(graph_, node("neg", "ElementWiseNeg", in, out)));
  finalize();
  std::vector<float> negated(4);
  give(&z, negated);
  for (const auto& order : {std::vector<Qnn_Tensor_t>{y_, z}, std::vector<Qnn_Tensor_t>{z, y_}}) {
    std::vector<Qnn_Tensor_t> outputs = order;
    ASSERT_OK(qnn().graphExecute(graph_, &x_, 1, outputs.data(), 2, nullptr, nullptr));
    EXPECT_EQ(expected_, output_);
    EXPECT_EQ((std::vector<float>{-1, -2, 3, -0.25f}), negated);
    std::fill(output_.begin(), output_.end(), NAN);
    std::fill(negated.begin(), negated.end(), NAN);
  }
}

TEST_F(SmallGraph, VersionTwoOutputsAreMarkedAsProduced) {
  finalize();
  y_.version = QNN_TENSOR_VERSION_2;
  y_.v2.isDynamicDimensions = nullptr;
  y_.v2.sparseParams = QNN_SPARSE_PARAMS_INIT;
  y_.v2.isProduced = 0;
  ASSERT_OK(execute());
  EXPECT_EQ(1, y_.v2.isProduced);
  EXPECT_EQ(expected_, output_);
}

/// An execution that is right but for what `spoil` does to it.
class BadExecution : public SmallGraph {
 protected:
  void SetUp() override {
    SmallGraph::SetUp();
    finalize();
  }
  struct Call {
    Qnn_Tensor_t x, y;
    Qnn_Tensor_t* inputs;
    uint32_t input_count = 1, output_count = 1;
    void* profile = nullptr;
    void* signal = nullptr;
  };
  template <typename Spoil>
  void expect(uint64_t code, const std::string& message, Spoil spoil) {
    Call call;
    call.x = x_;
    call.y = y_;
    call.inputs = &call.x;
    spoil(call);
    messages().clear();
    EXPECT_CODE(code, qnn().graphExecute(graph_, call.inputs, call.input_count, &call.y,
                                         call.output_count, call.profile, call.signal))
        << message;
    EXPECT_TRUE(told(message)) << "expected: " << message << "\nfound: " << messages();
  }
};

TEST_F(BadExecution, WithAWrongNumberOfTensors) {
  const auto invalid = QNN_GRAPH_ERROR_INVALID_ARGUMENT;
  expect(invalid, "graph graph has 1 inputs, 0 were given", [](Call& c) { c.input_count = 0; });
  expect(invalid, "graph graph has 1 outputs, 0 were given", [](Call& c) { c.output_count = 0; });
  expect(invalid, "1 inputs, the list is null", [](Call& c) { c.inputs = nullptr; });
}

TEST_F(BadExecution, WithATensorThatIsNotTheGraphs) {
  const auto bad = QNN_GRAPH_ERROR_INVALID_TENSOR;
  expect(bad, "it has no input of id 4711 and name \"foreign\"", [](Call& c) {
    c.x.v1.id = 4711;
    c.x.v1.name = "foreign";
  });
  expect(bad, "it has no input of id", [this](Call& c) { c.x = y_; });
  expect(bad, "it has no output of id", [this](Call& c) { c.y = x_; });
  expect(bad, "it has no output of id", [this](Call& c) { c.y.v1.id = sum_.v1.id; });
}

TEST_F(BadExecution, WithATensorThatDoesNotFit) {
  const auto bad = QNN_GRAPH_ERROR_INVALID_TENSOR;
  static uint32_t dims[] = {1, 5};
  static float memory[6];
  expect(bad, "a tensor of version 0, known are 1 and 2",
         [](Call& c) { c.x.version = static_cast<Qnn_TensorVersion_t>(0); });
  expect(bad, "tensor x is f32, given is f16",
         [](Call& c) { c.x.v1.dataType = QNN_DATATYPE_FLOAT_16; });
  expect(bad, "tensor x f32 [1,4] is given with other dimensions",
         [](Call& c) { c.x.v1.dimensions = dims; });
  expect(bad, "tensor x has no plain memory",
         [](Call& c) { c.x.v1.memType = QNN_TENSORMEMTYPE_MEMHANDLE; });
  expect(bad, "the buffer of tensor x is null", [](Call& c) { c.x.v1.clientBuf.data = nullptr; });
  expect(bad, "the buffer of tensor x has 12 bytes, not 16",
         [](Call& c) { c.x.v1.clientBuf.dataSize = 12; });
  expect(bad, "the buffer of tensor x is not aligned to its elements of 4 bytes",
         [](Call& c) { c.x.v1.clientBuf.data = reinterpret_cast<uint8_t*>(memory) + 1; });
}

TEST_F(BadExecution, WithAnOutputOverAnInput) {
  expect(QNN_GRAPH_ERROR_INVALID_TENSOR,
         "the buffers of tensors x and y overlap, and an output is among them",
         [this](Call& c) { c.y.v1.clientBuf.data = input_.data(); });
}

TEST_F(BadExecution, WithTheSameTensorTwice) {
  std::vector<Qnn_Tensor_t> outputs{y_, y_};
  Qnn_Tensor_t z = tensors_.make("z", QNN_TENSOR_TYPE_APP_READ, QNN_DATATYPE_FLOAT_32, {1, 4});
  const Qnn_GraphHandle_t graph = create_graph("two outputs");
  Qnn_Tensor_t x = tensors_.make("x", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_FLOAT_32, {1, 4});
  Qnn_Tensor_t y = tensors_.make("y", QNN_TENSOR_TYPE_APP_READ, QNN_DATATYPE_FLOAT_32, {1, 4});
  for (Qnn_Tensor_t* tensor : {&x, &y, &z}) create(graph, tensor);
  std::vector<Qnn_Tensor_t> in{x}, to_y{y}, to_z{z};
  ASSERT_OK(qnn().graphAddNode(graph, node("a", "Relu", in, to_y)));
  ASSERT_OK(qnn().graphAddNode(graph, node("b", "Tanh", in, to_z)));
  ASSERT_OK(qnn().graphFinalize(graph, nullptr, nullptr));
  give(&x, input_);
  give(&y, output_);
  std::vector<Qnn_Tensor_t> twice{y, y};
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_TENSOR,
              qnn().graphExecute(graph, &x, 1, twice.data(), 2, nullptr, nullptr));
  EXPECT_TRUE(told("tensor y is given twice"));
}

TEST_F(BadExecution, WithAProfileOrSignalThatIsNone) {
  expect(QNN_GRAPH_ERROR_SET_PROFILE, "the profile handle is not valid",
         [this](Call& c) { c.profile = graph_; });
  expect(QNN_GRAPH_ERROR_UNSUPPORTED_FEATURE, "signals are not supported",
         [this](Call& c) { c.signal = graph_; });
}

TEST_F(BadExecution, AndTheNextGoodOneRuns) {
  expect(QNN_GRAPH_ERROR_INVALID_ARGUMENT, "", [](Call& c) { c.input_count = 0; });
  ASSERT_OK(execute());
  EXPECT_EQ(expected_, output_);
}

TEST_F(SmallGraph, WhatTheBackendLacksIsNotSupported) {
  finalize();
  Qnn_GraphHandle_t sub = nullptr;
  QnnGraph_Property_t* properties[] = {nullptr};
  const Qnn_Tensor_t* tensors[] = {&x_};
  const auto no = QNN_GRAPH_ERROR_UNSUPPORTED_FEATURE;
  EXPECT_CODE(no,
              qnn().graphExecuteAsync(graph_, &x_, 1, &y_, 1, nullptr, nullptr, nullptr, nullptr));
  EXPECT_CODE(no, qnn().graphCreateSubgraph(graph_, "s", &sub));
  EXPECT_CODE(no, qnn().graphGetProperty(graph_, properties));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphGetProperty(graph_, nullptr));
  EXPECT_CODE(no, qnn().graphPrepareExecutionEnvironment(graph_, nullptr, 0));
  EXPECT_CODE(no, qnn().graphReleaseExecutionEnvironment(graph_, nullptr, 0));
  EXPECT_CODE(no, qnn().tensorUpdateGraphTensors(graph_, tensors, 1));
  EXPECT_CODE(no, qnn().tensorUpdateContextTensors(context_, tensors, 1));
}

// -------------------------------------------------------------------------------- Infrastructure

TEST_F(Session, OverflowIsAskedOfAFinalizedGraph) {
  QnnDevice_Infrastructure_t device = nullptr;
  ASSERT_OK(qnn().deviceGetInfrastructure(&device));
  const auto* host = reinterpret_cast<const QnnHostDevice_Infrastructure_t*>(device);
  const Qnn_GraphHandle_t graph = create_graph();
  Qnn_Tensor_t x = tensors_.make("x", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_FLOAT_32, {4});
  Qnn_Tensor_t y = tensors_.make("y", QNN_TENSOR_TYPE_APP_READ, QNN_DATATYPE_FLOAT_32, {4});
  create(graph, &x);
  create(graph, &y);
  std::vector<Qnn_Tensor_t> in{x, x}, out{y};
  ASSERT_OK(qnn().graphAddNode(graph, node("square", "ElementWiseMultiply", in, out)));
  const QnnHostGraph_Overflow_t* overflow = nullptr;
  EXPECT_CODE(QNN_GRAPH_ERROR_GRAPH_NOT_FINALIZED, host->graphGetOverflow(graph, &overflow));
  ASSERT_OK(qnn().graphFinalize(graph, nullptr, nullptr));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, host->graphGetOverflow(graph, nullptr));
  std::vector<float> values{1, 2, 3, 4}, squares(4);
  give(&x, values);
  give(&y, squares);
  ASSERT_OK(qnn().graphExecute(graph, &x, 1, &y, 1, nullptr, nullptr));
  ASSERT_OK(host->graphGetOverflow(graph, &overflow));
  EXPECT_EQ(nullptr, overflow);
}

TEST_F(SmallGraph, TheFootprintCountsItsWeights) {
  QnnDevice_Infrastructure_t device = nullptr;
  ASSERT_OK(qnn().deviceGetInfrastructure(&device));
  const auto* host = reinterpret_cast<const QnnHostDevice_Infrastructure_t*>(device);
  QnnHostGraph_Footprint_t footprint = {};
  EXPECT_CODE(QNN_GRAPH_ERROR_GRAPH_NOT_FINALIZED, host->graphGetFootprint(graph_, &footprint));
  finalize();
  ASSERT_OK(host->graphGetFootprint(graph_, &footprint));
  EXPECT_EQ(16u, footprint.weightBytes);
  EXPECT_GE(footprint.steps, 1u);
}

// -------------------------------------------------------------------------------------- Profiles

class Profiles : public SmallGraph {
 protected:
  struct Read {
    QnnProfile_EventData_t data = QNN_PROFILE_EVENT_DATA_INIT;
    std::vector<QnnProfile_EventId_t> children;
  };
  void open(QnnProfile_Level_t level) {
    ASSERT_OK(qnn().profileCreate(backend_, level, &profile_));
  }
  std::vector<QnnProfile_EventId_t> events() {
    const QnnProfile_EventId_t* ids = nullptr;
    uint32_t count = 0;
    EXPECT_CODE(0, qnn().profileGetEvents(profile_, &ids, &count));
    return {ids, ids + count};
  }
  Read read(QnnProfile_EventId_t id) {
    Read result;
    const QnnProfile_EventId_t* ids = nullptr;
    uint32_t count = 0;
    EXPECT_CODE(0, qnn().profileGetEventData(id, &result.data));
    EXPECT_CODE(0, qnn().profileGetSubEvents(id, &ids, &count));
    result.children.assign(ids, ids + count);
    return result;
  }
  void TearDown() override {
    EXPECT_CODE(0, qnn().profileFree(profile_));
    SmallGraph::TearDown();
  }
  Qnn_ProfileHandle_t profile_ = nullptr;
};

TEST_F(Profiles, BasicOnesHoldTheTotalOfTheLastCall) {
  open(QNN_PROFILE_LEVEL_BASIC);
  EXPECT_TRUE(events().empty());
  ASSERT_OK(qnn().graphFinalize(graph_, profile_, nullptr));
  ASSERT_EQ(1u, events().size());
  const QnnProfile_EventId_t first = events()[0];
  EXPECT_EQ(static_cast<uint32_t>(QNN_PROFILE_EVENTTYPE_FINALIZE), read(first).data.type);
  give(&x_, input_);
  give(&y_, output_);
  ASSERT_OK(execute(profile_));
  ASSERT_EQ(1u, events().size());
  const Read event = read(events()[0]);
  EXPECT_EQ(static_cast<uint32_t>(QNN_PROFILE_EVENTTYPE_EXECUTE), event.data.type);
  EXPECT_EQ(static_cast<uint32_t>(QNN_PROFILE_EVENTUNIT_MICROSEC), event.data.unit);
  EXPECT_STREQ("execute graph", event.data.identifier);
  EXPECT_TRUE(event.children.empty());
  // The event of the call before is gone.
  QnnProfile_EventData_t data;
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileGetEventData(first, &data));
}

TEST_F(Profiles, DetailedOnesNameTheNodes) {
  open(QNN_PROFILE_LEVEL_DETAILED);
  finalize();
  ASSERT_OK(execute(profile_));
  const Read total = read(events()[0]);
  ASSERT_FALSE(total.children.empty());
  uint64_t sum = 0;
  for (const QnnProfile_EventId_t id : total.children) {
    const Read child = read(id);
    EXPECT_EQ(static_cast<uint32_t>(QNN_PROFILE_EVENTTYPE_NODE), child.data.type);
    sum += child.data.value;
  }
  EXPECT_LE(sum, total.data.value);
  // A chain of nodes may be one step, named after its last node.
  EXPECT_STREQ("relu", read(total.children.back()).data.identifier);
}

TEST_F(Profiles, ExtendedDataSayTheSame) {
  open(QNN_PROFILE_LEVEL_BASIC);
  finalize();
  ASSERT_OK(execute(profile_));
  QnnProfile_ExtendedEventData_t extended = QNN_PROFILE_EXTENDED_EVENT_DATA_INIT;
  ASSERT_OK(qnn().profileGetExtendedEventData(events()[0], &extended));
  const Read plain = read(events()[0]);
  EXPECT_EQ(QNN_PROFILE_DATA_VERSION_1, extended.version);
  EXPECT_EQ(plain.data.type, extended.v1.type);
  EXPECT_EQ(plain.data.value, extended.v1.value.uint64Value);
  EXPECT_EQ(QNN_DATATYPE_UINT_64, extended.v1.value.dataType);
  EXPECT_STREQ(plain.data.identifier, extended.v1.identifier);
}

TEST_F(Profiles, HoldNoMoreEventsThanTheyMay) {
  open(QNN_PROFILE_LEVEL_DETAILED);
  QnnProfile_Config_t config = QNN_PROFILE_CONFIG_INIT;
  config.option = QNN_PROFILE_CONFIG_OPTION_MAX_EVENTS;
  config.numMaxEvents = 1;
  const QnnProfile_Config_t* configs[] = {&config, nullptr};
  ASSERT_OK(qnn().profileSetConfig(profile_, configs));
  finalize();
  ASSERT_OK(execute(profile_));
  EXPECT_TRUE(read(events()[0]).children.empty());
}

TEST_F(Profiles, RefuseWhatTheyDoNotKnow) {
  open(QNN_PROFILE_LEVEL_BASIC);
  Qnn_ProfileHandle_t profile = nullptr;
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_HANDLE, qnn().profileCreate(context_, 1, &profile));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileCreate(backend_, 1, nullptr));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileCreate(backend_, 3, &profile));
  QnnProfile_Config_t config = QNN_PROFILE_CONFIG_INIT;
  const QnnProfile_Config_t* configs[] = {&config, nullptr};
  EXPECT_CODE(0, qnn().profileSetConfig(profile_, nullptr));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileSetConfig(profile_, configs));
  config.option = QNN_PROFILE_CONFIG_OPTION_ENABLE_OPTRACE;
  config.enableOptrace = 1;
  EXPECT_CODE(QNN_PROFILE_ERROR_UNSUPPORTED, qnn().profileSetConfig(profile_, configs));
  config.option = QNN_PROFILE_CONFIG_OPTION_CUSTOM;
  EXPECT_CODE(QNN_PROFILE_ERROR_UNSUPPORTED, qnn().profileSetConfig(profile_, configs));
  uint32_t count = 0;
  const QnnProfile_EventId_t* ids = nullptr;
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT,
              qnn().profileGetEvents(profile_, nullptr, &count));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_HANDLE, qnn().profileGetEvents(graph_, &ids, &count));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileGetSubEvents(1, &ids, nullptr));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileGetSubEvents(~0ull, &ids, &count));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_ARGUMENT, qnn().profileGetEventData(0, nullptr));
  EXPECT_CODE(QNN_PROFILE_ERROR_INVALID_HANDLE, qnn().profileFree(graph_));
}

TEST_F(SmallGraph, FreeingAContextIsTimed) {
  Qnn_ContextHandle_t context = nullptr;
  Qnn_ProfileHandle_t profile = nullptr;
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &context));
  ASSERT_OK(qnn().profileCreate(backend_, QNN_PROFILE_LEVEL_BASIC, &profile));
  ASSERT_OK(qnn().contextFree(context, profile));
  const QnnProfile_EventId_t* ids = nullptr;
  uint32_t count = 0;
  ASSERT_OK(qnn().profileGetEvents(profile, &ids, &count));
  ASSERT_EQ(1u, count);
  QnnProfile_EventData_t data;
  ASSERT_OK(qnn().profileGetEventData(ids[0], &data));
  EXPECT_EQ(static_cast<uint32_t>(QNN_PROFILE_EVENTTYPE_DEINIT), data.type);
  EXPECT_CODE(0, qnn().profileFree(profile));
}

// --------------------------------------------------------------------------------------- Threads

TEST_F(Session, GraphsOfSeveralThreadsDoNotDisturbEachOther) {
  constexpr int kThreads = 4, kRounds = 50;
  std::atomic<int> wrong{0};
  const auto work = [&](int number) {
    Tensors tensors;
    const std::string name = "g" + std::to_string(number);
    Qnn_GraphHandle_t graph = nullptr;
    const auto step = [&](Qnn_ErrorHandle_t status) { wrong += status != 0; };
    step(qnn().graphCreate(context_, name.c_str(), nullptr, &graph));
    std::vector<Qnn_Tensor_t> in{
        tensors.make("x", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_FLOAT_32, {64}),
        tensors.constant<float>("c", QNN_DATATYPE_FLOAT_32, {1}, {static_cast<float>(number)})};
    std::vector<Qnn_Tensor_t> out{
        tensors.make("y", QNN_TENSOR_TYPE_APP_READ, QNN_DATATYPE_FLOAT_32, {64})};
    for (Qnn_Tensor_t* tensor : {&in[0], &in[1], &out[0]})
      step(qnn().tensorCreateGraphTensor(graph, tensor));
    step(qnn().graphAddNode(graph, node("add", "ElementWiseAdd", in, out)));
    step(qnn().graphFinalize(graph, nullptr, nullptr));
    std::vector<float> x(64), y(64);
    give(&in[0], x);
    give(&out[0], y);
    for (int round = 0; round < kRounds; ++round) {
      std::fill(x.begin(), x.end(), static_cast<float>(round));
      step(qnn().graphExecute(graph, in.data(), 1, out.data(), 1, nullptr, nullptr));
      for (const float value : y) wrong += value != static_cast<float>(round + number);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(0, wrong.load());
}

TEST_F(SmallGraph, OneGraphOfSeveralThreadsRunsOnceAtATime) {
  finalize();
  std::atomic<int> wrong{0};
  const auto work = [&] {
    std::vector<float> x = input_, y(4);
    Qnn_Tensor_t in = x_, out = y_;
    give(&in, x);
    give(&out, y);
    for (int round = 0; round < 100; ++round) {
      std::fill(y.begin(), y.end(), NAN);
      wrong += qnn().graphExecute(graph_, &in, 1, &out, 1, nullptr, nullptr) != 0;
      wrong += y != expected_;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(0, wrong.load());
}

TEST_F(SmallGraph, AContextMayBeFreedWhileAnotherThreadExecutes) {
  finalize();
  std::atomic<bool> freed{false};
  std::atomic<int> wrong{0};
  std::thread runner([&] {
    for (;;) {
      const bool late = freed;
      const uint64_t status = execute() & 0xFFFF;
      if (status == QNN_GRAPH_ERROR_INVALID_HANDLE) return;
      // After contextFree has returned no execution succeeds.
      if (status != 0 || late) {
        ++wrong;
        return;
      }
    }
  });
  EXPECT_CODE(0, qnn().contextFree(context_, nullptr));
  freed = true;
  runner.join();
  EXPECT_EQ(0, wrong.load());
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &context_));
}

}  // namespace
