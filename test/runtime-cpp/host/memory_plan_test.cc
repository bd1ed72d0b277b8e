// The memory plan over random graphs: values that are needed at the same time never share memory,
// and so the results are those of a run where nothing is shared.
#include "exec/memory_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "exec/arena.h"
#include "exec/schedule.h"
#include "test_graph.h"

namespace qnn_host {
namespace {

TEST(Arena, GapsAreUsedAgainAndGrowTogether) {
  Arena arena;
  const uint64_t a = arena.take(1000), b = arena.take(1000), c = arena.take(1000);
  const uint64_t all = arena.size();
  arena.give_back(a, 1000);
  arena.give_back(b, 1000);
  EXPECT_EQ(arena.take(2048), a);  // both
  EXPECT_EQ(arena.size(), all);
  arena.give_back(c, 1000);
  EXPECT_EQ(arena.take(5000), c);  // the gap at the end grows
}

TEST(Arena, PlacesNeverOverlap) {
  std::mt19937 random(11);
  Arena arena;
  std::vector<std::pair<uint64_t, uint64_t>> live;
  for (int i = 0; i < 5000; ++i) {
    if (live.empty() || random() % 5 < 3) {
      const uint64_t bytes = 1 + random() % 4000, offset = arena.take(bytes);
      ASSERT_EQ(offset % Arena::kAlignment, 0u);
      ASSERT_LE(offset + bytes, arena.size());
      for (const auto& [other, size] : live)
        ASSERT_TRUE(offset + bytes <= other || other + size <= offset);
      live.emplace_back(offset, bytes);
    } else {
      const size_t which = random() % live.size();
      arena.give_back(live[which].first, live[which].second);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }
}

/// Nodes of the kinds that the plan treats in ways of their own, on values of [4, 8] and their
/// parts.
class RandomGraph {
 public:
  explicit RandomGraph(uint32_t seed) : random_(seed) {
    for (int i = 0; i < 3; ++i) values_.push_back(graph_.input(name("in"), {4, 8}));
    for (int i = 0; i < 25; ++i) add_node();
    // Some values leave the graph: as they are made, and joined.
    for (int i = 0; i < 2; ++i) {
      outputs_.push_back(graph_.output(name("out"), {8, 4}));
      graph_.node("Reshape", {any()}, {outputs_.back()});
    }
    outputs_.push_back(graph_.output(name("out"), {8, 8}));
    graph_.node("Concat", {any(), any()}, {outputs_.back()}, {{"axis", 0}});
  }

  GraphModel& model() { return graph_.model(); }
  const std::vector<uint32_t>& outputs() const { return outputs_; }

 private:
  std::string name(const std::string& kind) { return kind + std::to_string(count_++); }
  uint32_t any() {
    return values_[values_.size() - 1 - random_() % std::min<size_t>(values_.size(), 8)];
  }
  uint32_t value() { return graph_.value(name("v"), {4, 8}); }

  void add_node() {
    const uint32_t made = value();
    switch (random_() % 6) {
      case 0:
        graph_.node("ElementWiseAdd", {any(), any()}, {made});
        break;
      case 1:
        graph_.node("ElementWiseSubtract", {any(), any()}, {made});
        break;
      case 2:
        graph_.node("ElementWiseNeg", {any()}, {made});
        break;
      case 3: {  // through another shape
        const uint32_t flat = graph_.value(name("flat"), {32});
        graph_.node("Reshape", {any()}, {flat});
        graph_.node("Reshape", {flat}, {made});
        break;
      }
      case 4: {  // halves change places
        const uint32_t a = graph_.value(name("half"), {2, 8}),
                       b = graph_.value(name("half"), {2, 8});
        graph_.model().nodes.push_back(
            graph_.make_node("Split", {any()}, {a, b}, {{"axis", 0}}, {{"split_index", {2}}}));
        graph_.node("Concat", {b, a}, {made}, {{"axis", 0}});
        break;
      }
      default: {  // a part of one, negated, joined with itself
        const uint32_t a = graph_.value(name("half"), {2, 8}),
                       b = graph_.value(name("half"), {2, 8});
        const uint32_t negated = graph_.value(name("half"), {2, 8});
        graph_.model().nodes.push_back(
            graph_.make_node("Split", {any()}, {a, b}, {{"axis", 0}}, {{"split_index", {2}}}));
        graph_.node("ElementWiseNeg", {a}, {negated});
        graph_.node("Concat", {negated, random_() % 2 == 0 ? b : negated}, {made}, {{"axis", 0}});
      }
    }
    values_.push_back(made);
  }

  std::mt19937 random_;
  TestGraph graph_;
  std::vector<uint32_t> values_, outputs_;
  int count_ = 0;
};

/// Every node by itself, on memory of its own.
std::vector<std::vector<uint8_t>> run_apart(const GraphModel& model, TestRun& inputs) {
  std::vector<std::vector<uint8_t>> memory(model.tensors.size());
  for (uint32_t i = 0; i < memory.size(); ++i) {
    memory[i].resize(model.tensors[i].bytes());
    if (model.tensors[i].type == QNN_TENSOR_TYPE_APP_WRITE) memory[i] = inputs.bytes(i);
  }
  const auto producers = producers_of(model);
  for (const Node& node : model.nodes) {
    std::vector<const void*> in;
    std::vector<void*> out;
    for (const uint32_t tensor : node.inputs) in.push_back(memory[tensor].data());
    for (const uint32_t tensor : node.outputs) out.push_back(memory[tensor].data());
    find_op(node.type)
        ->reference(op_of(model, node, producers))
        ->run({in.data(), out.data(), nullptr});
  }
  return memory;
}

TEST(MemoryPlan, RandomGraphsGiveWhatTheirNodesGiveApart) {
  for (uint32_t seed = 0; seed < 500; ++seed) {
    RandomGraph graph(seed);
    TestRun run(graph.model());
    std::mt19937 random(seed);
    for (uint32_t i = 0; i < graph.model().tensors.size(); ++i) {
      if (graph.model().tensors[i].type != QNN_TENSOR_TYPE_APP_WRITE) continue;
      std::vector<float> values(graph.model().tensors[i].elements());
      for (float& value : values) value = static_cast<float>(random() % 64);
      run.set(i, values);
    }
    const auto expected = run_apart(graph.model(), run);
    run.execute();
    for (const uint32_t output : graph.outputs())
      ASSERT_EQ(run.bytes(output), expected[output]) << "seed " << seed;
    for (uint32_t i = 0; i < graph.model().tensors.size(); ++i) {
      if (graph.model().tensors[i].type != QNN_TENSOR_TYPE_APP_WRITE) continue;
      ASSERT_EQ(run.bytes(i), expected[i]) << "an input was written to, seed " << seed;
    }
  }
}

TEST(MemoryPlan, AnElementWiseResultGoesOverAnOperandThatIsNotNeeded) {
  TestGraph graph;
  const uint32_t x = graph.input("x", {1000}), y = graph.output("y", {1000});
  uint32_t last = x;
  for (int i = 0; i < 10; ++i) {
    const uint32_t next = i == 9 ? y : graph.value("v" + std::to_string(i), {1000});
    graph.node("ElementWiseNeg", {last}, {next});
    last = next;
  }
  TestRun run(graph.model());
  EXPECT_LT(run.executor().footprint().arenaBytes, 2 * 2000u);  // one value, not nine
}

}  // namespace
}  // namespace qnn_host
