// The executor over small graphs: what it computes, and that nothing is copied that need not be.
#include "executor.h"

#include <gtest/gtest.h>

#include "test_graph.h"

namespace qnn_host {
namespace {

TEST(Executor, RunsNodesInOrder) {
  TestGraph graph;
  const uint32_t x = graph.input("x", {1, 4}), y = graph.output("y", {1, 4});
  const uint32_t half = graph.value("half", {1, 4});
  graph.node("ElementWiseMultiply", {x, graph.constant("c", {1}, {0.5f})}, {half});
  graph.node("ElementWiseAdd", {half, x}, {y});
  TestRun run(graph.model());
  run.set(x, {1, 2, 3, -4});
  run.execute();
  EXPECT_EQ(run.get(y), (std::vector<float>{1.5f, 3, 4.5f, -6}));
}

TEST(Executor, StatesOfAllLayersAreSplitAndJoinedWithoutACopy) {
  TestGraph graph;
  const uint32_t in = graph.input("in", {2, 3, 4}), out = graph.output("out", {2, 3, 4});
  std::vector<uint32_t> parts, next;
  for (int i = 0; i < 2; ++i) {
    const std::string layer = std::to_string(i);
    parts.push_back(graph.value("part" + layer, {1, 3, 4}));
    const uint32_t flat = graph.value("flat" + layer, {1, 12});
    const uint32_t sum = graph.value("sum" + layer, {1, 12});
    next.push_back(graph.value("next" + layer, {1, 3, 4}));
    graph.node("Reshape", {parts.back()}, {flat});
    graph.node("ElementWiseAdd", {flat, flat}, {sum});
    graph.node("Reshape", {sum}, {next.back()});
  }
  graph.model().nodes.insert(
      graph.model().nodes.begin(),
      graph.make_node("Split", {in}, parts, {{"axis", 0}}, {{"split_index", {1}}}));
  graph.node("Concat", next, {out}, {{"axis", 0}});
  TestRun run(graph.model());
  std::vector<float> values(24), expected(24);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i);
    expected[i] = 2 * values[i];
  }
  run.set(in, values);
  run.execute();
  EXPECT_EQ(run.get(out), expected);
  // Two additions, from the client's memory into the client's memory.
  EXPECT_EQ(run.executor().footprint().steps, 2u);
  EXPECT_EQ(run.executor().footprint().arenaBytes, 0u);
}

TEST(Executor, AnInputThatIsAnOutputIsCopied) {
  TestGraph graph;
  const uint32_t x = graph.input("x", {4}), y = graph.output("y", {2, 2});
  graph.node("Reshape", {x}, {y});
  TestRun run(graph.model());
  run.set(x, {1, 2, 3, 4});
  run.execute();
  EXPECT_EQ(run.get(y), (std::vector<float>{1, 2, 3, 4}));
}

TEST(Executor, AValueJoinedTwiceIsCopiedOnce) {
  TestGraph graph;
  const uint32_t x = graph.input("x", {1, 2}), y = graph.output("y", {2, 2});
  const uint32_t sum = graph.value("sum", {1, 2});
  graph.node("ElementWiseAdd", {x, x}, {sum});
  graph.node("Concat", {sum, sum}, {y}, {{"axis", 0}});
  TestRun run(graph.model());
  run.set(x, {1, 2});
  run.execute();
  EXPECT_EQ(run.get(y), (std::vector<float>{2, 4, 2, 4}));
}

TEST(Executor, NodesThatCannotBeComputedAreNamed) {
  TestGraph graph;
  const uint32_t x = graph.input("x", {4}), y = graph.output("y", {4});
  graph.node("Erf", {x}, {y});
  std::string message;
  EXPECT_EQ(Executor::create(graph.model(), {}, &message), nullptr);
  EXPECT_NE(message.find("Erf"), std::string::npos) << message;
}

}  // namespace
}  // namespace qnn_host
