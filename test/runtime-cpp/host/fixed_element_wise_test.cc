// Element-wise ops, conversions and norms of 16-bit fixed point against long double, plain and
// fast; the two agree in every bit.

#include <cmath>
#include <functional>
#include <random>

#include "every_target.h"
#include "fixed_graph.h"
#include "kernel.h"

namespace qnn_host {
namespace {

using Stored = std::vector<uint16_t>;
using Real = long double;

struct Code {
  float scale;
  int32_t offset;
  Real value(uint16_t q) const {
    return (static_cast<Real>(q) + offset) * static_cast<Real>(scale);
  }
};

Stored random_stored(std::mt19937& random, size_t count) {
  Stored stored(count);
  for (uint16_t& q : stored) {
    const uint32_t r = random();
    q = static_cast<uint16_t>(r % 16 == 0 ? 0 : r % 16 == 1 ? 0xFFFF : r >> 16);
  }
  return stored;
}

/// Both kernels' results, which must be equal.
Stored run_both(FixedGraph& graph, const std::vector<std::pair<uint32_t, Stored>>& inputs,
                uint32_t output) {
  const auto result = [&](bool reference) {
    ExecutorOptions options;
    options.reference_kernels = reference;
    options.threads = 1;
    TestRun run(graph.model(), options);
    for (const auto& [tensor, stored] : inputs) put_stored(run, tensor, stored);
    run.execute();
    return take_stored<uint16_t>(run, output);
  };
  const Stored plain = result(true);
  on_every_target([&] { EXPECT_EQ(result(false), plain); });
  return plain;
}

/// `found` is the nearest to `exact` that the code holds; a tie may go either way here, since a
/// scale's inverse is no float.
void expect_nearest(const Code& code, const Stored& found, const std::vector<Real>& exact,
                    Real slack = 1e-6L) {
  size_t wrong = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const Real place = exact[i] / static_cast<Real>(code.scale) - code.offset;
    const Real inside = std::fmin(std::fmax(place, 0.0L), 65535.0L);
    if (std::fabs(inside - static_cast<Real>(found[i])) <= 0.5L + slack) continue;
    if (wrong++ < 3)
      ADD_FAILURE() << i << ": " << found[i] << ", expected " << static_cast<double>(place);
  }
  EXPECT_EQ(wrong, 0u) << "of " << found.size();
}

const std::vector<Code> kCodes = {
    {0x1p-10f, -32768}, {0.00123f, -20000}, {0.0007f, 0}, {0x1p-9f, -65535}, {0.0031f, -40000}};

using Function = std::function<Real(Real, Real)>;

void check_binary(const char* type, const Function& function, std::vector<uint32_t> a_dims,
                  std::vector<uint32_t> b_dims, uint32_t count) {
  std::mt19937 random(7);
  for (const Code& a : kCodes) {
    for (const Code& b : {kCodes[0], kCodes[1], kCodes[4]}) {
      SCOPED_TRACE(testing::Message() << type << " " << a.scale << " " << b.scale);
      const Code y{std::string(type) == "ElementWiseMultiply" ? 0.21f : 0.0017f, -30000};
      FixedGraph graph;
      const uint32_t x1 =
          graph.fixed("a", QNN_TENSOR_TYPE_APP_WRITE, a_dims, one_scale(a.scale, a.offset));
      const uint32_t x2 =
          graph.fixed("b", QNN_TENSOR_TYPE_APP_WRITE, b_dims, one_scale(b.scale, b.offset));
      const uint32_t out =
          graph.fixed("y", QNN_TENSOR_TYPE_APP_READ, {3, count}, one_scale(y.scale, y.offset));
      graph.node(type, {x1, x2}, {out});
      const Stored left = random_stored(random, graph.model().tensors[x1].elements());
      const Stored right = random_stored(random, graph.model().tensors[x2].elements());
      const Stored found = run_both(graph, {{x1, left}, {x2, right}}, out);
      std::vector<Real> exact;
      for (size_t i = 0; i < found.size(); ++i) {
        const auto at = [&](const std::vector<uint32_t>& dims) {
          return (dims[0] == 1 ? 0 : i / count * dims[1]) + (dims[1] == 1 ? 0 : i % count);
        };
        exact.push_back(function(a.value(left[at(a_dims)]), b.value(right[at(b_dims)])));
      }
      expect_nearest(y, found, exact);
    }
  }
}

TEST(FixedElementWise, TwoOperands) {
  for (const uint32_t count : {1u, 7u, 8u, 35u, 257u}) {
    const std::vector<uint32_t> all{3, count}, row{1, count}, column{3, 1};
    const auto add = [](Real a, Real b) { return a + b; };
    check_binary("ElementWiseAdd", add, all, all, count);
    check_binary("ElementWiseAdd", add, all, row, count);
    check_binary("ElementWiseAdd", add, column, all, count);
    check_binary(
        "ElementWiseSubtract", [](Real a, Real b) { return a - b; }, all, row, count);
    check_binary(
        "ElementWiseMultiply", [](Real a, Real b) { return a * b; }, all, column, count);
    check_binary(
        "ElementWiseMaximum", [](Real a, Real b) { return std::fmax(a, b); }, all, all, count);
    check_binary(
        "ElementWiseMinimum", [](Real a, Real b) { return std::fmin(a, b); }, row, all, count);
  }
}

TEST(FixedElementWise, ChainsAsOneStepGiveTheSame) {
  // 3 x 8192 numbers: large enough that the three nodes become one step.
  std::mt19937 random(3);
  FixedGraph graph;
  const std::vector<uint32_t> dims{3, 8192};
  const uint32_t x = graph.fixed("x", QNN_TENSOR_TYPE_APP_WRITE, dims, one_scale(0.001f, -30000));
  const uint32_t w = graph.fixed("w", QNN_TENSOR_TYPE_APP_WRITE, dims, one_scale(0.002f, -3000));
  const uint32_t a = graph.fixed("a", QNN_TENSOR_TYPE_NATIVE, dims, one_scale(0.004f, -32000));
  const uint32_t b = graph.fixed("b", QNN_TENSOR_TYPE_NATIVE, dims, one_scale(0.3f, -20000));
  const uint32_t y = graph.fixed("y", QNN_TENSOR_TYPE_APP_READ, dims, one_scale(0.2f, 0));
  graph.node("ElementWiseSubtract", {x, w}, {a});
  graph.node("ElementWiseMultiply", {a, w}, {b});
  graph.node("Relu", {b}, {y});
  run_both(graph, {{x, random_stored(random, 3 * 8192)}, {w, random_stored(random, 3 * 8192)}}, y);
}

void check_unary(const char* type, const std::function<Real(Real)>& function, const Code& y) {
  for (const Code& x : kCodes) {
    SCOPED_TRACE(testing::Message() << type << " " << x.scale);
    FixedGraph graph;
    const std::vector<uint32_t> dims{256, 256};
    const uint32_t in =
        graph.fixed("x", QNN_TENSOR_TYPE_APP_WRITE, dims, one_scale(x.scale, x.offset));
    const uint32_t out =
        graph.fixed("y", QNN_TENSOR_TYPE_APP_READ, dims, one_scale(y.scale, y.offset));
    graph.node(type, {in}, {out});
    Stored every(65536);
    for (size_t i = 0; i < every.size(); ++i) every[i] = static_cast<uint16_t>(i);
    const Stored found = run_both(graph, {{in, every}}, out);
    std::vector<Real> exact;
    for (const uint16_t q : every) exact.push_back(function(x.value(q)));
    expect_nearest(y, found, exact);
  }
}

TEST(FixedElementWise, OneOperand) {
  check_unary("Relu", [](Real x) { return std::fmax(x, 0.0L); }, {0.0011f, -100});
  check_unary("ElementWiseNeg", [](Real x) { return -x; }, {0.0011f, -30000});
  check_unary("Sigmoid", [](Real x) { return 1 / (1 + std::exp(-x)); }, {1.0f / 65536, 0});
  check_unary("Tanh", [](Real x) { return std::tanh(x); }, {1.0f / 32768, -32768});
  check_unary("ElementWiseExp", [](Real x) { return std::exp(x); }, {0.01f, 0});
  check_unary("Convert", [](Real x) { return x; }, {0.0009f, -31000});
}

/// Half way between two stored integers: away from zero.
TEST(FixedElementWise, QuantizeRoundsTiesAway) {
  const std::vector<uint32_t> dims{1, 4};
  FixedGraph graph;
  const uint32_t half = graph.input("x", dims);
  const uint32_t fixed = graph.fixed("q", QNN_TENSOR_TYPE_APP_READ, dims, one_scale(1.0f, -100));
  graph.node("Quantize", {half}, {fixed});
  // 0.5, -0.5, 2.5, -2.5
  const Stored found = run_both(graph, {{half, {0x3800, 0xB800, 0x4100, 0xC100}}}, fixed);
  EXPECT_EQ(found, (Stored{101, 99, 103, 97}));
}

/// Whatever a fast kernel does instead: of all float16 numbers, on scales of any kind.
TEST(FixedElementWise, QuotientsAreRoundedAsDivisionsRound) {
  Stored every(65536);
  for (size_t i = 0; i < every.size(); ++i) every[i] = static_cast<uint16_t>(i);
  const std::vector<uint32_t> dims{256, 256};
  std::mt19937 random(11);
  for (uint32_t round = 0; round < 20; ++round) {
    const float mantissa = 1.0f + static_cast<float>(random() >> 9) * 0x1p-23f;
    const float scale =
        round == 0 ? 0x1p-126f * 0.75f : std::ldexp(mantissa, -1 - static_cast<int>(round));
    SCOPED_TRACE(scale);
    FixedGraph graph;
    const uint32_t half = graph.input("x", dims);
    const uint32_t fixed =
        graph.fixed("q", QNN_TENSOR_TYPE_APP_READ, dims, one_scale(scale, -32768));
    const uint32_t relu = graph.fixed("r", QNN_TENSOR_TYPE_APP_READ, dims, one_scale(0.0031f, 0));
    graph.node("Quantize", {half}, {fixed});
    graph.node("Relu", {fixed}, {relu});
    run_both(graph, {{half, every}}, fixed);
    run_both(graph, {{half, every}}, relu);
  }
}

/// All float16 numbers to fixed point, and all stored integers back.
TEST(FixedElementWise, QuantizeAndDequantize) {
  for (const Code& code : kCodes) {
    Stored every(65536);
    for (size_t i = 0; i < every.size(); ++i) every[i] = static_cast<uint16_t>(i);
    const std::vector<uint32_t> dims{256, 256};
    FixedGraph to;
    const uint32_t half = to.input("x", dims);
    const uint32_t fixed =
        to.fixed("q", QNN_TENSOR_TYPE_APP_READ, dims, one_scale(code.scale, code.offset));
    to.node("Quantize", {half}, {fixed});
    const Stored stored = run_both(to, {{half, every}}, fixed);
    std::vector<Real> exact;
    for (const uint16_t bits : every) exact.push_back(static_cast<Real>(extended_value(bits)));
    // Two roundings to float32 of numbers below 2^16.
    expect_nearest(code, stored, exact, 0x1p-7L);

    FixedGraph from;
    const uint32_t q =
        from.fixed("q", QNN_TENSOR_TYPE_APP_WRITE, dims, one_scale(code.scale, code.offset));
    const uint32_t y = from.output("y", dims);
    from.node("Dequantize", {q}, {y});
    const Stored halves = run_both(from, {{q, every}}, y);
    for (size_t i = 0; i < halves.size(); ++i) {
      const double real = static_cast<double>(code.value(every[i]));
      const double off = std::fabs(ieee_value(halves[i]) - real);
      // Half a unit in the last place, and what the rounding to float32 before adds.
      ASSERT_LE(off, std::fabs(real) * 0x1.002p-11 + 0x1p-25) << i;
    }
  }
}

TEST(FixedNorm, IsTheNearestToTheExactNorm) {
  std::mt19937 random(5);
  for (const uint32_t extent : {1u, 3u, 8u, 64u, 100u, 1024u}) {
    for (const float epsilon : {1e-5f, 6.4e-4f}) {
      SCOPED_TRACE(testing::Message() << "extent " << extent);
      const Code x{0.0021f, -31111}, gamma{0.0001f, 0}, beta{0x1p-20f, 0}, y{0.00031f, -30000};
      std::vector<int16_t> gammas(extent);
      std::vector<int32_t> betas(extent);
      for (int16_t& q : gammas) q = static_cast<int16_t>(random());
      for (int32_t& q : betas) q = static_cast<int32_t>(random()) >> 11;
      FixedGraph graph;
      const uint32_t in =
          graph.fixed("x", QNN_TENSOR_TYPE_APP_WRITE, {5, extent}, one_scale(x.scale, x.offset));
      const uint32_t g = graph.fixed_constant("g", QNN_DATATYPE_SFIXED_POINT_16, {extent}, gammas,
                                              one_scale(gamma.scale, 0));
      const uint32_t b = graph.fixed_constant("b", QNN_DATATYPE_SFIXED_POINT_32, {extent}, betas,
                                              one_scale(beta.scale, 0));
      const uint32_t out =
          graph.fixed("y", QNN_TENSOR_TYPE_APP_READ, {5, extent}, one_scale(y.scale, y.offset));
      graph.node("LayerNorm", {in, g, b}, {out}, {{"epsilon", static_cast<double>(epsilon)}},
                 {{"axes", {1}}});
      Stored stored = random_stored(random, 5 * extent);
      std::fill(stored.begin(), stored.begin() + extent, uint16_t{12345});  // no spread at all
      const Stored found = run_both(graph, {{in, stored}}, out);
      std::vector<Real> exact;
      for (size_t row = 0; row < 5; ++row) {
        Real mean = 0, variance = 0;
        for (size_t i = 0; i < extent; ++i) mean += x.value(stored[row * extent + i]);
        mean /= extent;
        for (size_t i = 0; i < extent; ++i)
          variance += std::pow(x.value(stored[row * extent + i]) - mean, 2.0L);
        const Real scale = 1 / std::sqrt(variance / extent + static_cast<Real>(epsilon));
        for (size_t i = 0; i < extent; ++i)
          exact.push_back((x.value(stored[row * extent + i]) - mean) * scale *
                              (static_cast<Real>(gammas[i]) * static_cast<Real>(gamma.scale)) +
                          static_cast<Real>(betas[i]) * static_cast<Real>(beta.scale));
      }
      expect_nearest(y, found, exact, 1e-5L);
    }
  }
}

TEST(FixedMoves, WantEqualEncodings) {
  FixedGraph graph;
  const uint32_t x = graph.fixed("x", QNN_TENSOR_TYPE_NATIVE, {2, 4}, one_scale(1, -3));
  const uint32_t same = graph.fixed("a", QNN_TENSOR_TYPE_NATIVE, {8}, one_scale(1, -3));
  const uint32_t other = graph.fixed("b", QNN_TENSOR_TYPE_NATIVE, {8}, one_scale(1, -4));
  const auto fault = [&](uint32_t y) {
    const Node node = graph.make_node("Reshape", {x}, {y});
    const Op op{node, {&graph.model().tensors[x]}, {&graph.model().tensors[y]}, {nullptr}};
    return find_op("Reshape")->check(op);
  };
  EXPECT_EQ(fault(same), "");
  EXPECT_NE(fault(other).find("different encodings"), std::string::npos);
}

}  // namespace
}  // namespace qnn_host
