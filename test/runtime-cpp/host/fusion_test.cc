// Chains of element-wise nodes as one step: the same bits as node by node, and the same overflow.
#include <gtest/gtest.h>

#include <random>

#include "test_graph.h"

namespace qnn_host {
namespace {

constexpr uint32_t kHeads = 3, kN = 64;

/// S' = S * w - sa (x) b + v (x) k per head, the update of a matrix state, and y = S' r.
struct StateUpdate {
  TestGraph graph;
  std::vector<uint32_t> inputs, outputs;

  StateUpdate() {
    const std::vector<uint32_t> state{1, kHeads, kN, kN}, row{1, kHeads, 1, kN};
    const uint32_t s = graph.input("S", state);
    inputs = {s};
    for (const char* name : {"w", "sa", "b", "v", "k", "r"})
      inputs.push_back(graph.input(name, row));
    const auto value = [&](const char* name) { return graph.value(name, state); };
    const uint32_t decayed = value("decayed"), removed = value("removed"), kept = value("kept");
    const uint32_t added = value("added"), next = graph.output("next", state);
    const uint32_t y = graph.output("y", row);
    graph.node("ElementWiseMultiply", {s, inputs[1]}, {decayed});
    graph.node("MatMul", {inputs[2], inputs[3]}, {removed}, {{"transpose_in0", 1}});
    graph.node("ElementWiseSubtract", {decayed, removed}, {kept});
    graph.node("MatMul", {inputs[4], inputs[5]}, {added}, {{"transpose_in0", 1}});
    graph.node("ElementWiseAdd", {kept, added}, {next});
    graph.node("MatMul", {inputs[6], next}, {y}, {{"transpose_in1", 1}});
    outputs = {next, y};
  }
};

void fill(TestRun& run, StateUpdate& update, uint32_t seed, double scale) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0.0, scale);
  for (const uint32_t input : update.inputs) {
    std::vector<float> values(update.graph.model().tensors[input].elements());
    for (float& value : values) value = static_cast<float>(normal(random));
    run.set(input, values);
  }
}

TEST(Fusion, AStateIsUpdatedInOneStep) {
  StateUpdate update;
  ExecutorOptions single;
  single.fuse = false;
  TestRun fused(update.graph.model()), unfused(update.graph.model(), single);
  const bool plain = std::string(instruction_set()) == "none";
  EXPECT_EQ(fused.executor().footprint().steps, plain ? 6u : 2u);
  if (!plain) {
    EXPECT_EQ(fused.executor().footprint().arenaBytes, 0u);  // no value but the state
  }
  EXPECT_EQ(unfused.executor().footprint().steps, 6u);
}

TEST(Fusion, TheBitsAreThoseOfSingleSteps) {
  StateUpdate update;
  ExecutorOptions single;
  single.fuse = false;
  TestRun fused(update.graph.model()), unfused(update.graph.model(), single);
  TestRun reference(update.graph.model(), {1, true});
  // Ordinary values, subnormal results, and ones that leave the range on the way.
  for (const double scale : {1.0, 1e-3, 200.0}) {
    for (TestRun* run : {&fused, &unfused, &reference}) {
      fill(*run, update, 3, scale);
      run->execute();
    }
    for (const uint32_t output : update.outputs)
      EXPECT_EQ(fused.bytes(output), unfused.bytes(output)) << "scale " << scale;
    EXPECT_EQ(fused.bytes(update.outputs[0]), reference.bytes(update.outputs[0]));
  }
}

TEST(Fusion, AnOverflowInsideIsTracedToItsNode) {
  StateUpdate update;
  TestRun run(update.graph.model());
  fill(run, update, 3, 1.0);
  run.set(update.inputs[4], std::vector<float>(kHeads * kN, 60000.0f));  // v
  run.execute();
  const QnnHostGraph_Overflow_t* overflow = run.executor().overflow();
  ASSERT_NE(overflow, nullptr);
  EXPECT_STREQ(overflow->tensor, "added");
  ASSERT_EQ(overflow->inputCount, 2u);
  EXPECT_STREQ(overflow->inputs[0].tensor, "v");
  EXPECT_EQ(overflow->inputs[0].largest, 60000.0 - 60000 % 32);
}

TEST(Fusion, AnOverflowInsideThatTheLastNodeHidesIsFound) {
  // min(x * 60000, 1) is finite, its product is not.
  TestGraph graph;
  const std::vector<uint32_t> dims{64, 256};
  const uint32_t x = graph.input("x", dims), y = graph.output("y", dims);
  const uint32_t product = graph.value("product", dims);
  graph.node("ElementWiseMultiply", {x, graph.constant("c", {1}, {60000})}, {product});
  graph.node("ElementWiseMinimum", {product, graph.constant("one", {1}, {1})}, {y});
  TestRun run(graph.model());
  run.set(x, std::vector<float>(64 * 256, 2.0f));
  run.execute();
  EXPECT_EQ(run.get(y), std::vector<float>(64 * 256, 1.0f));
  ASSERT_NE(run.executor().overflow(), nullptr);
  EXPECT_STREQ(run.executor().overflow()->tensor, "product");
}

TEST(Fusion, AValueThatOthersReadStaysAStep) {
  TestGraph graph;
  const std::vector<uint32_t> dims{64, 256};
  const uint32_t x = graph.input("x", dims), y = graph.output("y", dims),
                 z = graph.output("z", dims);
  const uint32_t sum = graph.value("sum", dims);
  graph.node("ElementWiseAdd", {x, x}, {sum});
  graph.node("Transpose", {sum}, {graph.value("t", {256, 64})}, {}, {{"perm", {1, 0}}});
  graph.node("ElementWiseMultiply", {sum, sum}, {y});
  graph.node("ElementWiseSubtract", {sum, x}, {z});
  TestRun run(graph.model());
  EXPECT_EQ(run.executor().footprint().steps, 4u);
  run.set(x, std::vector<float>(64 * 256, 3.0f));
  run.execute();
  EXPECT_EQ(run.get(y), std::vector<float>(64 * 256, 36.0f));
  EXPECT_EQ(run.get(z), std::vector<float>(64 * 256, 3.0f));
}

}  // namespace
}  // namespace qnn_host
