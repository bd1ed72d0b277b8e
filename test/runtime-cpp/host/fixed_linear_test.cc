// Linear layers of 16-bit fixed point with weights of 8 and 4 bits, plain and fast, against the
// formula in integers, written down here once more: every bit must agree.

#include <cmath>
#include <random>

#include "every_target.h"
#include "fixed_graph.h"
#include "ops/fixed_linear.h"

namespace qnn_host {
namespace {

using Stored = std::vector<uint16_t>;

enum class Form {
  kOneScale,
  kPerChannel,
  kUnsigned,
  kCells4,
  kPacked,
  kBlocks16,
  kBlocks32,
  kBlocks64
};
enum class Extremes { kNone, kLargest, kSmallest };

struct Case {
  Form form;
  uint32_t depth, features, rows;
  bool bias = false;
  Extremes extremes = Extremes::kNone;
};

uint32_t block_of(Form form) {
  return form == Form::kBlocks16 ? 16 : form == Form::kBlocks32 ? 32 : 64;
}
bool has_blocks(Form form) {
  return form == Form::kBlocks16 || form == Form::kBlocks32 || form == Form::kBlocks64;
}
bool has_4_bits(Form form) {
  return form == Form::kCells4 || form == Form::kPacked || has_blocks(form);
}

int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

/// A layer with random numbers, and what the formula makes of it.
class Layer {
 public:
  Layer(const Case& c, uint32_t seed) : case_(c), random_(seed) {
    make_x();
    make_weights();
    const size_t outputs = size_t{c.rows} * c.features;
    x_ = graph_.fixed("x", QNN_TENSOR_TYPE_APP_WRITE, {c.rows, c.depth},
                      one_scale(x_scale_, x_offset_));
    std::vector<uint32_t> inputs{x_, add_weights()};
    if (c.bias) inputs.push_back(add_bias());
    // Outputs that fill their range, some of them saturated.
    const double spread = 20000.0 * 70 * std::sqrt(c.depth) * (has_blocks(c.form) ? 8 : 1);
    y_scale_ = static_cast<float>(spread * static_cast<double>(x_scale_ * w_scale(0)) / 20000);
    y_offset_ = -static_cast<int32_t>(random_() % 65536);
    y_ = graph_.fixed("y", QNN_TENSOR_TYPE_APP_READ, {c.rows, c.features},
                      one_scale(y_scale_, y_offset_));
    graph_.node("FullyConnected", inputs, {y_});
    expected_.resize(outputs);
    for (uint32_t t = 0; t < c.rows; ++t) {
      for (uint32_t m = 0; m < c.features; ++m)
        expected_[size_t{t} * c.features + m] = result(t, m);
    }
  }

  void check(bool reference, uint32_t threads) {
    ExecutorOptions options;
    options.reference_kernels = reference;
    options.threads = threads;
    TestRun run(graph_.model(), options);
    put_stored(run, x_, x_values_);
    run.execute();
    const Stored found = take_stored<uint16_t>(run, y_);
    size_t wrong = 0;
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i] == expected_[i]) continue;
      if (wrong++ < 3)
        ADD_FAILURE() << "row " << i / case_.features << " output " << i % case_.features << ": "
                      << found[i] << ", expected " << expected_[i];
    }
    EXPECT_EQ(wrong, 0u) << "of " << found.size() << " outputs";
  }

  bool has_inner_values() const {
    size_t inner = 0;
    for (const uint16_t y : expected_) inner += y > 0 && y < 65535;
    return inner > 0;
  }

 private:
  int32_t pick(int32_t low, int32_t high) {
    if (case_.extremes == Extremes::kLargest) return high;
    if (case_.extremes == Extremes::kSmallest) return low;
    return low + static_cast<int32_t>(random_() % static_cast<uint32_t>(high - low + 1));
  }

  void make_x() {
    x_scale_ = std::ldexp(1.0f + static_cast<float>(random_() % 1000) / 1000.0f, -12);
    x_offset_ = -static_cast<int32_t>(random_() % 65536);
    x_values_.resize(size_t{case_.rows} * case_.depth);
    for (uint16_t& x : x_values_) x = static_cast<uint16_t>(random_());
    if (case_.extremes != Extremes::kNone) x_values_.assign(x_values_.size(), 0xFFFF);
  }

  void make_weights() {
    const bool small = has_4_bits(case_.form), is_unsigned = case_.form == Form::kUnsigned;
    for (size_t i = 0; i < size_t{case_.features} * case_.depth; ++i)
      weights_.push_back(small ? pick(-8, 7) : is_unsigned ? pick(0, 255) : pick(-128, 127));
    const bool one = case_.form == Form::kOneScale || case_.form == Form::kUnsigned;
    for (uint32_t m = 0; m < (one ? 1 : case_.features); ++m)
      scales_.push_back(std::ldexp(1.0f + static_cast<float>(random_() % 1000) / 1000.0f, -9));
    if (is_unsigned) w_offset_ = -127;
    if (!has_blocks(case_.form)) return;
    for (size_t i = 0; i < size_t{case_.features} * case_.depth / block_of(case_.form); ++i)
      block_scales_.push_back(static_cast<uint8_t>(pick(1, 16)));
  }

  float w_scale(uint32_t m) const { return scales_[scales_.size() == 1 ? 0 : m]; }

  uint32_t add_weights() {
    Encoding encoding;
    encoding.scales = scales_;
    encoding.offsets.assign(scales_.size(), w_offset_);
    encoding.kind =
        scales_.size() == 1 && (case_.form == Form::kOneScale || case_.form == Form::kUnsigned)
            ? QNN_QUANTIZATION_ENCODING_SCALE_OFFSET
            : QNN_QUANTIZATION_ENCODING_AXIS_SCALE_OFFSET;
    if (has_4_bits(case_.form)) {
      encoding.kind = QNN_QUANTIZATION_ENCODING_BW_AXIS_SCALE_OFFSET;
      encoding.bitwidth = 4;
    }
    if (has_blocks(case_.form)) {
      encoding.kind = QNN_QUANTIZATION_ENCODING_BLOCKWISE_EXPANSION;
      encoding.blocks = case_.depth / block_of(case_.form);
      encoding.block_scales = block_scales_;
    }
    const std::vector<uint32_t> dims{case_.features, case_.depth};
    const bool packed = case_.form == Form::kPacked || has_blocks(case_.form);
    std::vector<uint8_t> bytes(packed ? (weights_.size() + 1) / 2 : weights_.size());
    for (size_t i = 0; i < weights_.size(); ++i) {
      if (packed)
        bytes[i / 2] |= static_cast<uint8_t>((weights_[i] & 15) << (i % 2 * 4));
      else
        bytes[i] = static_cast<uint8_t>(weights_[i]);
    }
    return graph_.fixed_constant("w",
                                 packed                          ? QNN_DATATYPE_SFIXED_POINT_4
                                 : case_.form == Form::kUnsigned ? QNN_DATATYPE_UFIXED_POINT_8
                                                                 : QNN_DATATYPE_SFIXED_POINT_8,
                                 dims, bytes, encoding);
  }

  uint32_t add_bias() {
    for (uint32_t m = 0; m < case_.features; ++m)
      bias_.push_back(static_cast<int32_t>(random_()) >> 4);
    const bool one = scales_.size() == 1 && !has_4_bits(case_.form);
    const bool units = one && case_.form != Form::kPerChannel;
    return graph_.fixed_constant("b", QNN_DATATYPE_SFIXED_POINT_32, {case_.features}, bias_,
                                 one_scale(units ? x_scale_ * scales_[0] : 0.0f, 0));
  }

  int64_t weight(uint32_t m, uint32_t k) const {
    const size_t i = size_t{m} * case_.depth + k;
    if (!has_blocks(case_.form)) return weights_[i] + w_offset_;
    return int64_t{weights_[i]} * block_scales_[i / block_of(case_.form)];
  }

  /// Written as the device's documentation has it: high and low bytes by themselves.
  uint16_t result(uint32_t t, uint32_t m) const {
    int64_t high = 0, low = 0, sum = 0;
    for (uint32_t k = 0; k < case_.depth; ++k) {
      const uint16_t x = x_values_[size_t{t} * case_.depth + k];
      high += (x >> 8) * weight(m, k);
      low += (x & 255) * weight(m, k);
      sum += weight(m, k);
    }
    // The offset's share is rounded, half away from zero.
    const int64_t offset = x_offset_ * sum;
    const int64_t nearest =
        offset < 0 ? -floor_div(128 - offset, 256) : floor_div(offset + 128, 256);
    int64_t acc = high + floor_div(low, 256) + nearest;
    if (case_.bias) acc += bias_[m] / 256;
    const double unit = static_cast<double>(x_scale_) * static_cast<double>(w_scale(m));
    const double factor = 256.0 * unit / static_cast<double>(y_scale_);
    const double y = std::floor(static_cast<double>(acc) * factor + 0.5) - y_offset_;
    return static_cast<uint16_t>(std::fmin(std::fmax(y, 0.0), 65535.0));
  }

  const Case case_;
  std::mt19937 random_;
  FixedGraph graph_;
  float x_scale_ = 0, y_scale_ = 0;
  int32_t x_offset_ = 0, y_offset_ = 0, w_offset_ = 0;
  Stored x_values_, expected_;
  std::vector<int32_t> weights_;
  std::vector<float> scales_;
  std::vector<uint8_t> block_scales_;
  std::vector<int32_t> bias_;
  uint32_t x_ = 0, y_ = 0;
};

void check(const Case& c, uint32_t seed = 1) {
  SCOPED_TRACE(testing::Message() << "form " << static_cast<int>(c.form) << ", depth " << c.depth
                                  << ", features " << c.features << ", rows " << c.rows);
  Layer layer(c, seed);
  if (c.extremes == Extremes::kNone && c.rows * c.features > 8) {
    EXPECT_TRUE(layer.has_inner_values());
  }
  layer.check(true, 1);
  on_every_target([&] { layer.check(false, 1); });
  layer.check(false, 2);
}

constexpr Form kForms[] = {Form::kOneScale, Form::kPerChannel, Form::kUnsigned, Form::kCells4,
                           Form::kPacked,   Form::kBlocks16,   Form::kBlocks32, Form::kBlocks64};

TEST(FixedLinear, EveryFormAgreesWithTheFormula) {
  for (const Form form : kForms) {
    for (const uint32_t rows : {1u, 2u, 3u, 8u, 33u}) check({form, 128, 70, rows});
    check({form, 192, 33, 5}, 2);
    check({form, 1024, 257, 1}, 3);
    check({form, 64, 1, 1}, 4);
  }
}

TEST(FixedLinear, OddSizes) {
  for (const Form form : {Form::kOneScale, Form::kPerChannel, Form::kCells4, Form::kPacked}) {
    for (const uint32_t depth : {1u, 2u, 3u, 7u, 30u, 31u, 33u, 65u, 100u, 127u, 130u})
      check({form, depth, 9, 3}, depth);
  }
  for (const uint32_t depth : {16u, 48u, 80u, 144u}) check({Form::kBlocks16, depth, 5, 2}, depth);
  for (const uint32_t depth : {32u, 96u, 160u}) check({Form::kBlocks32, depth, 5, 2}, depth);
}

TEST(FixedLinear, SeveralShortRowsOfWeightsFillAVector) {
  for (const uint32_t depth : {32u, 64u}) {
    for (const uint32_t features : {1u, 3u, 4u, 9u, 70u, 1030u})
      check({Form::kPacked, depth, features, 1}, features);
    check({Form::kPacked, depth, 9, 1, false, Extremes::kLargest});
    check({Form::kPacked, depth, 9, 1, false, Extremes::kSmallest});
  }
}

TEST(FixedLinear, Biases) {
  for (const Form form : kForms) check({form, 128, 40, 2, true});
}

TEST(FixedLinear, ExtremesDoNotOverflow) {
  for (const Form form : kForms) {
    for (const Extremes extremes : {Extremes::kLargest, Extremes::kSmallest}) {
      check({form, 4096, 6, 1, false, extremes});
      check({form, 16384, 5, 5, false, extremes});
    }
  }
}

/// float16 beside weights of 8 and 4 bits: against double precision, with the weights rounded as
/// the device rounds them.
TEST(FixedLinear, Float16Activations) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  for (const bool packed : {false, true}) {
    for (const auto& [depth, rows] : {std::pair{64u, 1u}, {100u, 3u}, {1024u, 2u}, {96u, 33u}}) {
      const uint32_t features = 50;
      FixedGraph graph;
      const uint32_t x = graph.input("x", {rows, depth});
      Encoding encoding;
      encoding.kind = packed ? QNN_QUANTIZATION_ENCODING_BW_AXIS_SCALE_OFFSET
                             : QNN_QUANTIZATION_ENCODING_AXIS_SCALE_OFFSET;
      encoding.bitwidth = packed ? 4 : 0;
      for (uint32_t m = 0; m < features; ++m)
        encoding.scales.push_back(0.001f + 1e-5f * static_cast<float>(random() % 1000));
      encoding.offsets.assign(features, 0);
      std::vector<int32_t> q(size_t{features} * depth);
      std::vector<uint8_t> bytes(packed ? q.size() / 2 : q.size());
      for (size_t i = 0; i < q.size(); ++i) {
        q[i] = static_cast<int32_t>(random() % (packed ? 16 : 256)) - (packed ? 8 : 128);
        if (packed)
          bytes[i / 2] |= static_cast<uint8_t>((q[i] & 15) << (i % 2 * 4));
        else
          bytes[i] = static_cast<uint8_t>(q[i]);
      }
      const uint32_t w = graph.fixed_constant(
          "w", packed ? QNN_DATATYPE_SFIXED_POINT_4 : QNN_DATATYPE_SFIXED_POINT_8,
          {features, depth}, bytes, encoding);
      const uint32_t y = graph.output("y", {rows, features});
      graph.node("FullyConnected", {x, w}, {y});
      std::vector<float> values(size_t{rows} * depth);
      for (float& value : values)
        value = static_cast<float>(ieee_value(ieee_half(static_cast<double>(normal(random)))));
      for (const bool reference : {true, false}) {
        ExecutorOptions options;
        options.reference_kernels = reference;
        TestRun run(graph.model(), options);
        run.set(x, values);
        run.execute();
        const std::vector<float> found = run.get(y);
        for (uint32_t t = 0; t < rows; ++t) {
          for (uint32_t m = 0; m < features; ++m) {
            const double scale = ieee_value(ieee_half(static_cast<double>(encoding.scales[m])));
            double sum = 0, magnitude = 0;
            for (uint32_t k = 0; k < depth; ++k) {
              const double weight = extended_value(extended_half(scale * q[size_t{m} * depth + k]));
              const double term = weight * static_cast<double>(values[size_t{t} * depth + k]);
              sum += term;
              magnitude += std::fabs(term);
            }
            // Half a unit of float16, and what sums in float32 lose.
            ASSERT_NEAR(static_cast<double>(found[size_t{t} * features + m]), sum,
                        std::fabs(sum) * 0x1p-11 + 0x1p-25 + magnitude * depth * 0x1p-24)
                << t << " " << m;
          }
        }
      }
    }
  }
}

TEST(FixedLinear, AWrongEncodingIsAFault) {
  FixedGraph graph;
  const uint32_t x = graph.fixed("x", QNN_TENSOR_TYPE_NATIVE, {1, 4}, one_scale(1, 0));
  const uint32_t y = graph.fixed("y", QNN_TENSOR_TYPE_NATIVE, {1, 2}, one_scale(1, 0));
  Encoding columns;
  columns.kind = QNN_QUANTIZATION_ENCODING_AXIS_SCALE_OFFSET;
  columns.axis = 1;
  columns.scales = {1, 1, 1, 1};
  columns.offsets = {0, 0, 0, 0};
  Encoding outputs = columns;
  outputs.axis = 0;
  outputs.scales = {1, 1};
  outputs.offsets = {0, 0};
  const std::vector<int8_t> values(8);
  const uint32_t by_columns =
      graph.fixed_constant("w", QNN_DATATYPE_SFIXED_POINT_8, {2, 4}, values, columns);
  const uint32_t by_outputs =
      graph.fixed_constant("w2", QNN_DATATYPE_SFIXED_POINT_8, {2, 4}, values, outputs);
  const uint32_t bias = graph.fixed_constant("b", QNN_DATATYPE_SFIXED_POINT_32, {2},
                                             std::vector<int32_t>{1, 2}, one_scale(0.5f, 0));
  const uint32_t dynamic = graph.fixed("d", QNN_TENSOR_TYPE_NATIVE, {2, 4}, one_scale(1, 0),
                                       QNN_DATATYPE_SFIXED_POINT_8);
  const auto fault = [&](std::vector<uint32_t> inputs) {
    const Node node = graph.make_node("FullyConnected", inputs, {y});
    Op op{node, {}, {&graph.model().tensors[y]}, {}};
    for (const uint32_t input : inputs) op.inputs.push_back(&graph.model().tensors[input]);
    return find_op("FullyConnected")->check(op);
  };
  EXPECT_EQ(fault({x, by_outputs}), "");
  EXPECT_NE(fault({x, by_columns}).find("axis 0, the outputs, was expected"), std::string::npos);
  EXPECT_NE(fault({x, by_outputs, bias}).find("0 (units of the products)"), std::string::npos);
  EXPECT_NE(fault({x, dynamic}).find("must be static"), std::string::npos);
}

}  // namespace
}  // namespace qnn_host
