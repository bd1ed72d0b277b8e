// Vectorised kernels against the reference kernels, on every instruction set of this machine:
// element-wise functions bit for bit, products and norms within the bounds that their files state.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "simd/element_wise.h"
#include "test_graph.h"

#if __has_include(<hwy/targets.h>)
#include <hwy/targets.h>
#define HAS_TARGETS
#endif

namespace qnn_host {
namespace {

using Bits = std::vector<uint16_t>;

enum class Values {
  kOrdinary,   ///< magnitudes around 1
  kAll,        ///< any bits at all
  kSubnormal,  ///< results around and below 2^-14
  kLarge,      ///< results around 65504
};

Bits random_halves(std::mt19937& random, size_t count, Values values) {
  Bits bits(count);
  std::normal_distribution<double> normal;
  for (uint16_t& half : bits) {
    switch (values) {
      case Values::kOrdinary:
        half = ieee_half(normal(random));
        break;
      case Values::kAll:
        half = static_cast<uint16_t>(random());
        break;
      case Values::kSubnormal:
        half = ieee_half(normal(random) * 0x1p-15);
        break;
      case Values::kLarge:
        half = ieee_half(normal(random) * 40000.0);
        break;
    }
  }
  return bits;
}

void put(TestRun& run, uint32_t tensor, const Bits& bits) {
  std::memcpy(run.bytes(tensor).data(), bits.data(), 2 * bits.size());
}
Bits take(TestRun& run, uint32_t tensor) {
  Bits bits(run.bytes(tensor).size() / 2);
  std::memcpy(bits.data(), run.bytes(tensor).data(), 2 * bits.size());
  return bits;
}
bool is_nan(uint16_t half) {
  return (half & 0x7FFF) > 0x7C00;
}

/// Bit for bit; where the result is an IEEE number, a NaN is a NaN.
void expect_same(const Bits& fast, const Bits& reference, bool ieee, const std::string& what) {
  ASSERT_EQ(fast.size(), reference.size());
  for (size_t i = 0; i < fast.size(); ++i) {
    if (ieee && is_nan(fast[i]) && is_nan(reference[i])) continue;
    ASSERT_EQ(fast[i], reference[i]) << what << ", element " << i;
  }
}

/// One behaviour per instruction set.
class FastKernels : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
#ifdef HAS_TARGETS
    hwy::SetSupportedTargetsForTest(GetParam());
#endif
  }
  void TearDown() override {
#ifdef HAS_TARGETS
    hwy::SetSupportedTargetsForTest(0);
#endif
  }
  std::mt19937 random_{7};
};

std::vector<int64_t> targets() {
#ifdef HAS_TARGETS
  std::vector<int64_t> all;
  for (int64_t left = hwy::SupportedTargets() & HWY_TARGETS; left != 0; left &= left - 1)
    all.push_back(left & -left);
  return all;
#else
  return {0};
#endif
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, FastKernels, testing::ValuesIn(targets()),
                         [](const testing::TestParamInfo<int64_t>& info) {
#ifdef HAS_TARGETS
                           return std::string(hwy::TargetName(info.param));
#else
                           return std::to_string(info.param);
#endif
                         });

struct Shapes {
  std::vector<uint32_t> a, b, out;
};

void compare_binary(std::mt19937& random, const std::string& type, const Shapes& shapes,
                    Values values, const TestGraph::Scalars& params = {}) {
  TestGraph graph;
  const uint32_t a = graph.input("a", shapes.a), b = graph.input("b", shapes.b);
  const uint32_t y = graph.output("y", shapes.out);
  graph.node(type, {a, b}, {y}, params);
  TestRun fast(graph.model()), reference(graph.model(), {1, true});
  const Bits left = random_halves(random, graph.model().tensors[a].elements(), values);
  const Bits right = random_halves(random, graph.model().tensors[b].elements(), values);
  for (TestRun* run : {&fast, &reference}) {
    put(*run, a, left);
    put(*run, b, right);
    run->execute();
  }
  expect_same(take(fast, y), take(reference, y),
              type != "ElementWiseMultiply" && type != "ElementWiseSubtract", type);
}

TEST_P(FastKernels, BinaryFunctionsAreTheReferencesBitForBit) {
  const std::vector<Shapes> shapes = {
      {{4096}, {4096}, {4096}},                       // runs
      {{1, 6, 16}, {1, 1, 16}, {1, 6, 16}},           // a row for all
      {{1, 1, 33}, {6, 33}, {1, 6, 33}},              // an odd length
      {{1}, {1, 70}, {1, 70}},                        // a number for all
      {{1, 4, 8, 64}, {1, 4, 1, 64}, {1, 4, 8, 64}},  // a decay per head
      {{2, 3, 5, 1}, {2, 1, 5, 7}, {2, 3, 5, 7}},     // both sides stretched
      {{3, 1}, {1, 4}, {3, 4}},
  };
  for (const char* type : {"ElementWiseAdd", "ElementWiseSubtract", "ElementWiseMultiply",
                           "ElementWiseMaximum", "ElementWiseMinimum"}) {
    for (const Shapes& shape : shapes) {
      for (const Values values :
           {Values::kOrdinary, Values::kAll, Values::kSubnormal, Values::kLarge})
        compare_binary(random_, type, shape, values);
    }
  }
}

TEST_P(FastKernels, OneOperandAgainstItsNeighboursAtEveryTie) {
  // Halfway cases decide between the two ways of rounding: 2048 + odd / 2, and products with 1 +
  // 2^-10.
  for (const char* type : {"ElementWiseAdd", "ElementWiseSubtract", "ElementWiseMultiply"}) {
    TestGraph graph;
    const uint32_t a = graph.input("a", {65536}), b = graph.input("b", {1});
    const uint32_t y = graph.output("y", {65536});
    graph.node(type, {a, b}, {y});
    TestRun fast(graph.model()), reference(graph.model(), {1, true});
    Bits all(65536);
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
    for (const double other :
         {0.0, -0.0, 0.5, 1.0 + 0x1p-10, 3.0, 0x1p-24, 0x1p-12, 2049.0, 65504.0}) {
      for (TestRun* run : {&fast, &reference}) {
        put(*run, a, all);
        put(*run, b, {ieee_half(other)});
        run->execute();
      }
      expect_same(take(fast, y), take(reference, y), std::string(type) == "ElementWiseAdd",
                  std::string(type) + " with " + std::to_string(other));
    }
  }
}

TEST_P(FastKernels, FunctionsOfOneOperandAreTheReferencesBitForBit) {
  for (const char* type : {"Sigmoid", "Tanh", "Relu", "ElementWiseExp", "ElementWiseNeg",
                           "ElementWiseAbs", "ElementWiseSquareRoot", "ElementWiseRsqrt"}) {
    TestGraph graph;
    const uint32_t x = graph.input("x", {2, 32768}), y = graph.output("y", {2, 32768});
    graph.node(type, {x}, {y});
    TestRun fast(graph.model()), reference(graph.model(), {1, true});
    Bits all(65536);
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
    for (TestRun* run : {&fast, &reference}) {
      put(*run, x, all);
      run->execute();
    }
    expect_same(take(fast, y), take(reference, y), false, type);
  }
}

TEST_P(FastKernels, OuterProductsAreTheReferencesBitForBit) {
  for (const Values values :
       {Values::kOrdinary, Values::kAll, Values::kSubnormal, Values::kLarge}) {
    compare_binary(random_, "MatMul", {{1, 4, 1, 64}, {1, 4, 1, 64}, {1, 4, 64, 64}}, values,
                   {{"transpose_in0", 1}, {"transpose_in1", 0}});
    compare_binary(random_, "MatMul", {{2, 17, 1}, {2, 1, 5}, {2, 17, 5}}, values);
  }
}

TEST_P(FastKernels, AFactorAndASummandAreRoundedOnce) {
  if (std::string(instruction_set()) == "none") GTEST_SKIP() << "a build without vectors";
  constexpr size_t kCount = 1 << 16;
  for (const Values values :
       {Values::kOrdinary, Values::kAll, Values::kSubnormal, Values::kLarge}) {
    const Bits x = random_halves(random_, kCount, values);
    const Bits w =
        random_halves(random_, kCount, values == Values::kAll ? values : Values::kOrdinary);
    Bits b = random_halves(random_, kCount, values);
    // Every other summand puts the sum next to a tie: half a unit of the product, more or less.
    for (size_t i = 0; i < kCount; i += 2) {
      const double product = extended_value(x[i]) * extended_value(w[i]);
      if (product != 0.0)
        b[i] = static_cast<uint16_t>(extended_half(std::ldexp(1.0, std::ilogb(product) - 11)) +
                                     random_() % 3 - 1);
    }
    Bits y(kCount);
    multiply_add_run(x.data(), w.data(), b.data(), y.data(), kCount);
    for (size_t i = 0; i < kCount; ++i)
      ASSERT_EQ(y[i],
                extended_half(extended_value(x[i]) * extended_value(w[i]) + extended_value(b[i])))
          << "element " << i << ": " << x[i] << " * " << w[i] << " + " << b[i];
  }
}

// --------------------------------------------------------------------------------------- products

/// |fast - reference| <= one unit in float16's last place, or n 2^-24 sum |a b| where that is more.
void compare_products(std::mt19937& random, TestGraph& graph, uint32_t x, uint32_t y, Values values,
                      uint64_t summands, double largest_product) {
  TestRun fast(graph.model()), reference(graph.model(), {1, true});
  const Bits input = random_halves(random, graph.model().tensors[x].elements(), values);
  for (TestRun* run : {&fast, &reference}) {
    put(*run, x, input);
    run->execute();
  }
  const Bits a = take(fast, y), b = take(reference, y);
  const double bound =
      static_cast<double>(summands) * 0x1p-24 * static_cast<double>(summands) * largest_product;
  for (size_t i = 0; i < a.size(); ++i) {
    if (is_nan(a[i]) && is_nan(b[i])) continue;
    const double left = ieee_value(a[i]), right = ieee_value(b[i]);
    if (left == right) continue;
    // Next to the end of the range one of them may be infinite.
    const double finite = std::fmin(std::fabs(left), std::fabs(right));
    const double unit =
        std::ldexp(1.0, std::max(-24, std::ilogb(finite == 0 ? 0x1p-24 : finite) - 10));
    ASSERT_LE(std::fabs(extended_value(a[i]) - extended_value(b[i])), unit + bound)
        << "element " << i;
  }
}

Bits weights(std::mt19937& random, size_t count) {
  return random_halves(random, count, Values::kOrdinary);
}

uint32_t constant(TestGraph& graph, const std::string& name, std::vector<uint32_t> dims,
                  const Bits& bits) {
  std::vector<uint8_t> bytes(2 * bits.size());
  std::memcpy(bytes.data(), bits.data(), bytes.size());
  return graph.constant_bytes(name, QNN_DATATYPE_FLOAT_16, std::move(dims), std::move(bytes));
}

TEST_P(FastKernels, LinearLayersOfAnyShape) {
  for (const uint32_t rows : {1u, 2u, 4u, 5u, 16u, 23u, 64u, 70u}) {
    for (const uint32_t depth : {1u, 31u, 64u, 300u}) {
      for (const uint32_t features : {1u, 6u, 50u, 129u}) {
        TestGraph graph;
        const uint32_t x = graph.input("x", {rows, depth}), y = graph.output("y", {rows, features});
        const uint32_t w =
            constant(graph, "w", {features, depth}, weights(random_, features * depth));
        if ((rows + features) % 2 == 0)
          graph.node("FullyConnected", {x, w}, {y});
        else
          graph.node("FullyConnected",
                     {x, w, constant(graph, "b", {features}, weights(random_, features))}, {y});
        compare_products(random_, graph, x, y, Values::kOrdinary, depth, 25.0);
      }
    }
  }
}

TEST_P(FastKernels, LinearLayersOfInfiniteAndOverflowingValues) {
  for (const uint32_t rows : {1u, 20u}) {
    TestGraph graph;
    const uint32_t x = graph.input("x", {rows, 64}), y = graph.output("y", {rows, 40});
    Bits w = weights(random_, 40 * 64);
    for (size_t i = 0; i < w.size(); i += 3) w[i] = 0;  // 0 times infinity is 0
    graph.node("FullyConnected", {x, constant(graph, "w", {40, 64}, w)}, {y});
    for (const Values values : {Values::kAll, Values::kLarge, Values::kSubnormal})
      compare_products(random_, graph, x, y, values, 64, 5 * 65504.0);
  }
}

TEST_P(FastKernels, ProductsOfStates) {
  struct Case {
    std::vector<uint32_t> a, b, out;
    double t0, t1;
  };
  const std::vector<Case> cases = {
      {{1, 4, 1, 64}, {1, 4, 64, 64}, {1, 4, 1, 64}, 0, 1},  // a state is read
      {{1, 4, 1, 64}, {1, 4, 64, 64}, {1, 4, 1, 64}, 0, 0},
      {{1, 4, 64, 1}, {1, 4, 64, 64}, {1, 4, 1, 64}, 1, 0},
      {{3, 5, 7}, {1, 7, 9}, {3, 5, 9}, 0, 0},  // one matrix for all
      {{1, 2, 3, 65}, {1, 2, 65, 64}, {1, 2, 3, 64}, 0, 0},
      {{1, 4, 1, 64}, {1, 4, 1, 64}, {1, 4, 1, 1}, 0, 1},  // a sum per head
  };
  for (const Case& shape : cases) {
    for (const Values values : {Values::kOrdinary, Values::kAll, Values::kLarge}) {
      TestGraph graph;
      const uint32_t a = graph.input("a", shape.a), y = graph.output("y", shape.out);
      size_t count = 1;
      for (const uint32_t extent : shape.b) count *= extent;
      const uint32_t b = constant(graph, "b", shape.b, weights(random_, count));
      graph.node("MatMul", {a, b}, {y}, {{"transpose_in0", shape.t0}, {"transpose_in1", shape.t1}});
      compare_products(random_, graph, a, y, values, 65,
                       values == Values::kOrdinary ? 25.0 : 5 * 65504.0);
    }
  }
}

TEST_P(FastKernels, AStateIsUpdatedByADiagonalAndARow) {
  // S' = [diag(w); k]^T [S; v]: most factors are zero, and zero times infinity is zero.
  constexpr uint32_t kN = 64;
  for (const Values values : {Values::kOrdinary, Values::kAll}) {
    TestGraph graph;
    const std::vector<uint32_t> dims{1, 2, kN + 1, kN};
    const uint32_t state = graph.input("state", dims), y = graph.output("y", {1, 2, kN, kN});
    Bits factors = weights(random_, 2 * (kN + 1) * kN);
    for (size_t i = 0; i < factors.size(); ++i) {
      const size_t row = i / kN % (kN + 1);
      if (row < kN && row != i % kN) factors[i] = 0;
    }
    graph.node("MatMul", {constant(graph, "factors", dims, factors), state}, {y},
               {{"transpose_in0", 1}, {"transpose_in1", 0}});
    compare_products(random_, graph, state, y, values, 2,
                     values == Values::kOrdinary ? 25.0 : 5 * 65504.0);
  }
}

// ------------------------------------------------------------------------------------------ norms

TEST_P(FastKernels, NormsOfRows) {
  for (const uint32_t count : {1u, 5u, 64u, 1000u}) {
    for (const Values values : {Values::kOrdinary, Values::kSubnormal, Values::kLarge}) {
      for (const bool layer : {true, false}) {
        TestGraph graph;
        const uint32_t x = graph.input("x", {3, count}), y = graph.output("y", {3, count});
        if (layer)
          graph.node("LayerNorm",
                     {x, constant(graph, "g", {count}, weights(random_, count)),
                      constant(graph, "b", {count}, weights(random_, count))},
                     {y}, {{"epsilon", 1e-5}}, {{"axes", {1}}});
        else
          graph.node("L2Norm", {x}, {y}, {{"epsilon", 1e-24}, {"axis", 1}});
        // A few units of float32 on values up to 5 deviations times 5.
        compare_products(random_, graph, x, y, values, 16, 1.0);
      }
    }
  }
}

TEST_P(FastKernels, NormsOfRowsWithValuesOutsideTheRangeAreTheReferences) {
  TestGraph graph;
  const uint32_t x = graph.input("x", {2, 64}), y = graph.output("y", {2, 64});
  graph.node("LayerNorm", {x}, {y}, {{"epsilon", 1e-5}}, {{"axes", {1}}});
  TestRun fast(graph.model()), reference(graph.model(), {1, true});
  const Bits bits = random_halves(random_, 128, Values::kAll);
  for (TestRun* run : {&fast, &reference}) {
    put(*run, x, bits);
    run->execute();
  }
  expect_same(take(fast, y), take(reference, y), false, "LayerNorm");
}

}  // namespace
}  // namespace qnn_host
