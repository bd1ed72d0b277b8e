// The executor tells which node first left the finite range, and what it had been given.
#include <gtest/gtest.h>

#include "fixed_graph.h"

namespace qnn_host {
namespace {

/// y = (x * 300) * w + x, with the product's own name.
struct Chain {
  TestGraph graph;
  uint32_t x, y, w;
  explicit Chain(float weight) {
    x = graph.input("x", {1, 32});
    y = graph.output("y", {1, 32});
    w = graph.constant("w", {1}, {weight});
    const uint32_t scaled = graph.value("scaled", {1, 32}),
                   product = graph.value("product", {1, 32});
    graph.node("ElementWiseMultiply", {x, graph.constant("c", {1}, {300})}, {scaled});
    graph.node("ElementWiseMultiply", {scaled, w}, {product});
    graph.node("ElementWiseAdd", {product, x}, {y});
  }
};

std::vector<float> ones_with(size_t index, float value) {
  std::vector<float> values(32, 1.0f);
  values[index] = value;
  return values;
}

TEST(Overflow, NothingIsToldOfFiniteExecutions) {
  Chain chain(1);
  TestRun run(chain.graph.model());
  run.set(chain.x, ones_with(5, 2));
  run.execute();
  EXPECT_EQ(run.executor().overflow(), nullptr);
}

TEST(Overflow, TheFirstNodeIsNamedWithItsInputs) {
  Chain chain(200);
  TestRun run(chain.graph.model());
  run.set(chain.x, ones_with(5, -2));
  run.execute();
  const QnnHostGraph_Overflow_t* overflow = run.executor().overflow();
  ASSERT_NE(overflow, nullptr);
  EXPECT_STREQ(overflow->node, "product.ElementWiseMultiply");
  EXPECT_STREQ(overflow->tensor, "product");
  EXPECT_EQ(overflow->index, 5u);
  EXPECT_EQ(overflow->elements, 1u);
  EXPECT_EQ(overflow->value, -120000);  // a number: the extended range steps by 64 there
  ASSERT_EQ(overflow->inputCount, 2u);
  EXPECT_STREQ(overflow->inputs[0].tensor, "scaled");
  EXPECT_EQ(overflow->inputs[0].largest, 600);
  EXPECT_EQ(overflow->inputs[1].largest, 200);
}

TEST(Overflow, IsForgottenByTheNextExecution) {
  Chain chain(200);
  TestRun run(chain.graph.model());
  run.set(chain.x, ones_with(0, 2));
  run.execute();
  ASSERT_NE(run.executor().overflow(), nullptr);
  run.set(chain.x, std::vector<float>(32, 0.5f));
  run.execute();
  EXPECT_EQ(run.executor().overflow(), nullptr);
}

TEST(Overflow, ValuesThatCameInOutsideAreNobodysFault) {
  Chain chain(1);
  TestRun run(chain.graph.model());
  std::vector<uint8_t>& bytes = run.bytes(chain.x);
  std::fill(bytes.begin(), bytes.end(), 0);
  bytes[1] = 0x7C;  // infinity
  run.execute();
  EXPECT_EQ(run.executor().overflow(), nullptr);
}

TEST(Overflow, ANodeWithCleanInputsIsFoundBesideValuesThatCameInOutside) {
  TestGraph graph;
  const uint32_t bad = graph.input("bad", {32}), good = graph.input("good", {32});
  const uint32_t a = graph.output("a", {32}), b = graph.output("b", {32});
  const uint32_t c = graph.constant("c", {1}, {60000});
  graph.node("ElementWiseMultiply", {bad, c}, {a});
  graph.node("ElementWiseMultiply", {good, c}, {b});
  TestRun run(graph.model());
  std::vector<uint8_t>& bytes = run.bytes(bad);
  std::fill(bytes.begin(), bytes.end(), 0x7C);
  run.set(good, std::vector<float>(32, 2.0f));
  run.execute();
  ASSERT_NE(run.executor().overflow(), nullptr);
  EXPECT_STREQ(run.executor().overflow()->tensor, "b");
  EXPECT_EQ(run.executor().overflow()->elements, 32u);
}

/// By kernels that say themselves whether their results are finite.
TEST(Overflow, OfAProductIsTold) {
  for (const uint32_t depth : {1u, 2u, 5u}) {
    TestGraph graph;
    const uint32_t a = graph.input("a", {3, depth, 64}), b = graph.input("b", {3, depth, 64});
    const uint32_t y = graph.output("y", {3, 64, 64});
    graph.node("MatMul", {a, b}, {y}, {{"transpose_in0", 1}, {"transpose_in1", 0}});
    TestRun run(graph.model());
    std::vector<float> values(3 * depth * 64, 2.0f);
    run.set(a, values);
    run.set(b, values);
    run.execute();
    EXPECT_EQ(run.executor().overflow(), nullptr);
    values.back() = 40000;
    run.set(a, values);
    run.execute();
    const QnnHostGraph_Overflow_t* overflow = run.executor().overflow();
    ASSERT_NE(overflow, nullptr);
    EXPECT_STREQ(overflow->tensor, "y");
    EXPECT_EQ(overflow->index, 3u * 64 * 64 - 64);
    EXPECT_EQ(overflow->elements, 64u);
  }
}

TEST(Overflow, AtTheEndOfAFusedChainIsTold) {
  TestGraph graph;
  const uint32_t x = graph.input("x", {16, 1024}), y = graph.output("y", {16, 1024});
  const uint32_t w = graph.value("w", {16, 1024});
  graph.node("ElementWiseMultiply", {x, graph.constant("c", {1}, {2})}, {w});
  graph.node("ElementWiseMultiply", {w, graph.constant("e", {1}, {3})}, {y});
  TestRun run(graph.model());
  std::vector<float> values(16 * 1024, 1.0f);
  run.set(x, values);
  run.execute();
  EXPECT_EQ(run.executor().overflow(), nullptr);
  values[12345] = 20000;
  run.set(x, values);
  run.execute();
  ASSERT_NE(run.executor().overflow(), nullptr);
  EXPECT_STREQ(run.executor().overflow()->tensor, "y");
  EXPECT_EQ(run.executor().overflow()->index, 12345u);
}

TEST(Overflow, OfADequantizeIsToldWhereItsScaleAllowsIt) {
  for (const float scale : {0.5f, 2.0f}) {
    FixedGraph graph;
    const uint32_t q =
        graph.fixed("q", QNN_TENSOR_TYPE_APP_WRITE, {1, 64}, one_scale(scale, -1000));
    const uint32_t y = graph.output("y", {1, 64});
    graph.node("Dequantize", {q}, {y});
    TestRun run(graph.model());
    put_stored(run, q, std::vector<uint16_t>(64, 65535));
    run.execute();
    EXPECT_EQ(run.executor().overflow() != nullptr, scale > 1);
  }
}

TEST(Overflow, OfFloat32IsInfinityOrNan) {
  TestGraph graph(QNN_DATATYPE_FLOAT_32);
  const uint32_t x = graph.input("x", {4}), y = graph.output("y", {4});
  graph.node("ElementWiseMultiply", {x, x}, {y});
  TestRun run(graph.model());
  run.set(x, {1, 1e30f, 2, 1e25f});
  run.execute();
  const QnnHostGraph_Overflow_t* overflow = run.executor().overflow();
  ASSERT_NE(overflow, nullptr);
  EXPECT_EQ(overflow->elements, 2u);
  EXPECT_EQ(overflow->index, 1u);
  EXPECT_EQ(overflow->inputs[0].largest, static_cast<double>(1e30f));
}

}  // namespace
}  // namespace qnn_host
