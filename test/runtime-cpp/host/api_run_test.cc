// Graphs from finalize on: order of calls, buffers, several threads.

#include <atomic>
#include <cmath>
#include <thread>

#include "api_client.h"

using namespace client;

namespace {

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

TEST_F(Session, TheFirstOverflowIsNamed) {
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
  values[2] = -2e38f;
  ASSERT_OK(qnn().graphExecute(graph, &x, 1, &y, 1, nullptr, nullptr));
  ASSERT_OK(host->graphGetOverflow(graph, &overflow));
  ASSERT_NE(nullptr, overflow);
  EXPECT_STREQ("square", overflow->node);
  EXPECT_STREQ("y", overflow->tensor);
  EXPECT_EQ(2u, overflow->index);
  EXPECT_EQ(1u, overflow->elements);
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
