// FullyConnected, MatMul and Conv2d against their definitions.

#include <cmath>

#include "op_case.h"
#include "random_values.h"

namespace qnn_host {
namespace {

using Dims = std::vector<uint32_t>;
using Halves = std::vector<uint16_t>;
constexpr uint16_t kOne = 0x3C00, kInf = 0x7C00, kNan = 0x7E00, kMax = 0x7BFF;

double rounded(double exact) {
  return ieee_value(ieee_half(exact));
}

TEST(FullyConnected, IsRowsTimesTheTransposedWeightPlusBias) {
  const size_t rows = 3, depth = 5, features = 4;
  const auto x = random_halves(rows * depth, 1), w = random_halves(features * depth, 2);
  const auto b = random_halves(features, 3);
  const auto made = OpCase("FullyConnected")
                        .input({1, 3, 5}, x)
                        .input({4, 5}, w)
                        .input({4}, b)
                        .output({3, 4})
                        .run()
                        .values();
  for (size_t t = 0; t < rows; ++t) {
    for (size_t m = 0; m < features; ++m) {
      double exact = b[m];
      for (size_t n = 0; n < depth; ++n) exact += x[t * depth + n] * w[m * depth + n];
      EXPECT_EQ(made[t * features + m], rounded(exact));
    }
  }
}

TEST(FullyConnected, FoldsItsInputAndKeepsDimsWhenAsked) {
  const auto x = random_halves(6, 1), w = random_halves(6, 2);
  EXPECT_EQ(
      OpCase("FullyConnected").input({2, 3}, x).input({2, 3}, w).output({2, 2}).run().values(),
      OpCase("FullyConnected")
          .input({1, 2, 3}, x)
          .input({2, 3}, w)
          .output({1, 2, 2})
          .flag("keep_dims", true)
          .run()
          .values());
  OpCase("FullyConnected").input({3, 2}, x).input({1, 6}, w).output({1, 1}).run();
  OpCase("FullyConnected").input({6}, x).input({1, 6}, w).output({1}).run();
}

TEST(Products, RoundOnceHoweverLargeTheTermsAre) {
  // 2^30 + 62 - 2^30 in one sum.
  const auto made = OpCase("FullyConnected")
                        .input({1, 3}, {32768, 62, -32768})
                        .input({1, 3}, {32768, 1, 32768})
                        .output({1, 1})
                        .run()
                        .values();
  EXPECT_EQ(made[0], 62);
}

TEST(Products, OverflowToInfinityAndTakeZeroTimesAnythingForZero) {
  const auto dot = [](const Halves& a, const Halves& b) {
    return OpCase("FullyConnected")
        .bits({1, 2}, a)
        .bits({1, 2}, b)
        .output({1, 1})
        .run()
        .halves()[0];
  };
  EXPECT_EQ(dot({kMax, kMax}, {kOne, kOne}), kInf);
  EXPECT_EQ(dot({kInf, kOne}, {kOne, kOne}), kInf);
  EXPECT_EQ(dot({kInf, kOne}, {0, kOne}), kOne);
  EXPECT_EQ(dot({kNan, kOne}, {0, kOne}), kOne);
  EXPECT_EQ(dot({kNan, kOne}, {kOne, kOne}) & 0x7FFF, kNan);
  EXPECT_EQ(dot({kInf, kInf}, {kOne, 0xBC00}) & 0x7FFF, kNan);
}

TEST(Products, AddTheBiasBeforeTheyRound) {
  const auto made = OpCase("FullyConnected")
                        .input({1, 1}, {65504})
                        .input({1, 1}, {1.5})
                        .input({1}, {-60000})
                        .output({1, 1})
                        .run()
                        .values();
  EXPECT_EQ(made[0], rounded(65504 * 1.5 - 60000));
}

struct MatMulForm {
  Dims a, b, out;
  bool transpose_a, transpose_b, bias;
};

TEST(MatMul, MultipliesTheLastTwoAxesAndBroadcastsTheOthers) {
  const MatMulForm forms[] = {
      {{2, 3}, {3, 4}, {2, 4}, false, false, false},
      {{3, 2}, {3, 4}, {2, 4}, true, false, false},
      {{2, 3}, {4, 3}, {2, 4}, false, true, true},
      {{3, 2}, {4, 3}, {2, 4}, true, true, false},
      {{1, 2, 3, 1}, {1, 2, 1, 4}, {1, 2, 3, 4}, false, false, false},  // outer products
      {{1, 5, 2, 3}, {1, 1, 3, 4}, {1, 5, 2, 4}, false, false, true},
      {{1, 1, 3, 2}, {6, 2, 3, 4}, {6, 2, 2, 4}, true, false, false},
      {{2, 3}, {5, 3, 4}, {5, 2, 4}, false, false, false},
  };
  for (const MatMulForm& form : forms) {
    const auto volume = [](const Dims& dims) {
      size_t count = 1;
      for (const uint32_t extent : dims) count *= extent;
      return count;
    };
    const auto a = random_halves(volume(form.a), 5), b = random_halves(volume(form.b), 6);
    const auto bias = random_halves(form.out.back(), 7);
    OpCase op("MatMul");
    op.input(form.a, a).input(form.b, b).output(form.out);
    if (form.bias) op.input({form.out.back()}, bias);
    op.flag("transpose_in0", form.transpose_a).flag("transpose_in1", form.transpose_b);
    const auto made = op.run().values();
    const size_t rows = form.out[form.out.size() - 2], columns = form.out.back();
    const size_t inner = form.transpose_a ? form.a[form.a.size() - 2] : form.a.back();
    const size_t batches = volume(form.out) / (rows * columns);
    // Here the leading axes of an operand are all the result's, or all 1.
    const size_t a_step = volume(form.a) == rows * inner ? 0 : rows * inner;
    const size_t b_step = volume(form.b) == inner * columns ? 0 : inner * columns;
    for (size_t batch = 0; batch < batches; ++batch) {
      for (size_t i = 0; i < rows; ++i) {
        for (size_t j = 0; j < columns; ++j) {
          double exact = form.bias ? bias[j] : 0.0;
          for (size_t k = 0; k < inner; ++k)
            exact += a[batch * a_step + (form.transpose_a ? k * rows + i : i * inner + k)] *
                     b[batch * b_step + (form.transpose_b ? j * inner + k : k * columns + j)];
          ASSERT_EQ(made[(batch * rows + i) * columns + j], rounded(exact))
              << "batch " << batch << ", row " << i << ", column " << j;
        }
      }
    }
  }
}

TEST(MatMul, BroadcastsOneLeadingAxisOfTwo) {
  // [2,1,1,1] by [1,3,1,1]: every pair.
  const auto made = OpCase("MatMul")
                        .input({2, 1, 1, 1}, {2, 3})
                        .input({1, 3, 1, 1}, {5, 7, 11})
                        .output({2, 3, 1, 1})
                        .run()
                        .values();
  EXPECT_EQ(made, (std::vector<double>{10, 14, 22, 15, 21, 33}));
}

TEST(Conv2d, OfOneByOneIsALinearLayer) {
  const auto x = random_halves(6, 1), w = random_halves(12, 2);  // 2 cells of 3 channels; [3, 4]
  const auto made = OpCase("Conv2d")
                        .input({1, 1, 2, 3}, x)
                        .input({1, 1, 3, 4}, w)
                        .output({1, 1, 2, 4})
                        .list("stride", {1, 1})
                        .list("pad_amount", {0, 0, 0, 0})
                        .run()
                        .values();
  EXPECT_EQ(made, OpCase("MatMul").input({2, 3}, x).input({3, 4}, w).output({2, 4}).run().values());
}

TEST(Conv2d, PadsStridesDilatesAndGroups) {
  // One row of 4 cells with 2 channels, each its own group; filter of 2 taps, 2 apart; one cell of
  // padding in front.
  const auto made = OpCase("Conv2d")
                        .input({1, 1, 4, 2}, {1, 10, 2, 20, 3, 30, 4, 40})
                        .input({1, 2, 1, 2}, {1, 1, 100, 0.5})
                        .input({2}, {0.25, 0})
                        .output({1, 1, 2, 2})
                        .list("stride", {1, 2})
                        .list("pad_amount", {0, 0, 1, 0})
                        .list("dilation", {1, 2})
                        .u32("group", 2)
                        .run()
                        .values();
  // Places -1 and 1, then 1 and 3.
  EXPECT_EQ(made, (std::vector<double>{200.25, 10, 402.25, 40}));
}

TEST(Products, OfFloat32AreRoundedOnce) {
  const auto made = OpCase("FullyConnected")
                        .input({1, 3}, {16777216, 1, -16777216}, QNN_DATATYPE_FLOAT_32)
                        .input({1, 3}, {1, 1, 1}, QNN_DATATYPE_FLOAT_32)
                        .output({1, 1}, QNN_DATATYPE_FLOAT_32)
                        .run()
                        .values();
  EXPECT_EQ(made[0], 1);
}

TEST(Products, AreRefusedWhereShapesDoNotFit) {
  const auto halves = [](size_t count) { return std::vector<double>(count); };
  EXPECT_NE(OpCase("FullyConnected")
                .input({1, 5}, halves(5))
                .input({4, 3}, halves(12))
                .output({1, 4})
                .fault()
                .find("does not fold to rows of 3"),
            std::string::npos);
  EXPECT_NE(OpCase("FullyConnected")
                .input({1, 3}, halves(3))
                .input({4, 3}, halves(12))
                .output({1, 3})
                .fault()
                .find("[1,4] was expected"),
            std::string::npos);
  EXPECT_NE(OpCase("MatMul")
                .input({2, 3}, halves(6))
                .input({2, 3}, halves(6))
                .output({2, 3})
                .fault()
                .find("the summed extents differ: 3 of [2,3], 2 of [2,3]"),
            std::string::npos);
  EXPECT_NE(OpCase("MatMul")
                .input({2, 1, 3}, halves(6))
                .input({3, 3, 1}, halves(9))
                .output({2, 1, 1})
                .fault()
                .find("do not broadcast"),
            std::string::npos);
  EXPECT_NE(OpCase("Conv2d")
                .input({1, 1, 2, 3}, halves(6))
                .input({1, 1, 3, 4}, halves(12))
                .output({1, 1, 2, 4})
                .list("stride", {0, 1})
                .list("pad_amount", {0, 0, 0, 0})
                .fault()
                .find("stride holds 0"),
            std::string::npos);
}

}  // namespace
}  // namespace qnn_host
