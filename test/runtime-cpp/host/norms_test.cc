// LayerNorm, L2Norm and ReduceSum against their definitions.

#include <cmath>

#include "op_case.h"
#include "random_values.h"

namespace qnn_host {
namespace {

double rounded(double exact) {
  return extended_value(extended_half(exact));
}

TEST(LayerNorm, NormalisesTheLastAxis) {
  const size_t rows = 3, extent = 7;
  const auto x = random_halves(rows * extent, 1, 3.0), gamma = random_halves(extent, 2);
  const auto beta = random_halves(extent, 3);
  const float epsilon = 1e-5f;
  const auto made = OpCase("LayerNorm")
                        .input({1, 3, 7}, x)
                        .input({7}, gamma)
                        .input({7}, beta)
                        .output({1, 3, 7})
                        .f32("epsilon", epsilon)
                        .list("axes", {2})
                        .run()
                        .values();
  for (size_t row = 0; row < rows; ++row) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < extent; ++i) {
      sum += x[row * extent + i];
      squares += x[row * extent + i] * x[row * extent + i];
    }
    const double mean = sum / extent, variance = squares / extent - mean * mean;
    for (size_t i = 0; i < extent; ++i) {
      const double exact = (x[row * extent + i] - mean) /
                               std::sqrt(variance + static_cast<double>(epsilon)) * gamma[i] +
                           beta[i];
      EXPECT_EQ(made[row * extent + i], rounded(exact));
    }
  }
}

TEST(LayerNorm, OfEqualNumbersIsBeta) {
  const auto made = OpCase("LayerNorm")
                        .input({1, 4}, {60000, 60000, 60000, 60000})
                        .input({4}, {1, 1, 1, 1})
                        .input({4}, {1, 2, 3, 4})
                        .output({1, 4})
                        .f32("epsilon", 1e-5f)
                        .list("axes", {1})
                        .run()
                        .values();
  EXPECT_EQ(made, (std::vector<double>{1, 2, 3, 4}));
}

TEST(LayerNorm, SquaresDoNotOverflowAndExponent31IsANumber) {
  // What the simulator gave for 65536, 0, 0, 0.
  const auto made = OpCase("LayerNorm")
                        .bits({1, 4}, {0x7C00, 0, 0, 0})
                        .output({1, 4})
                        .f32("epsilon", 1e-5f)
                        .list("axes", {1})
                        .run()
                        .halves();
  EXPECT_EQ(made, (std::vector<uint16_t>{0x3EEE, 0xB89E, 0xB89E, 0xB89E}));
}

TEST(LayerNorm, TakesSeveralLastAxes) {
  const auto x = random_halves(12, 4);
  const auto of = [&](std::vector<uint32_t> dims, std::vector<int32_t> axes) {
    return OpCase("LayerNorm").input(dims, x).output(dims).list("axes", axes).run().values();
  };
  EXPECT_EQ(of({2, 2, 3}, {1, 2}), of({2, 6}, {1}));
}

TEST(L2Norm, DividesByTheRootOfTheSumOfSquares) {
  const auto made = OpCase("L2Norm")
                        .input({2, 2}, {3, 4, 0, -5})
                        .output({2, 2})
                        .u32("axis", 1)
                        .f32("epsilon", 1e-24f)
                        .run()
                        .values();
  EXPECT_EQ(made, (std::vector<double>{rounded(0.6), rounded(0.8), 0, -1}));
}

TEST(L2Norm, TakesAnyAxisOrSeveral) {
  OpCase first("L2Norm");
  const auto columns =
      first.input({2, 2}, {3, 1, 4, 0}).output({2, 2}).u32("axis", 0).run().values();
  EXPECT_EQ(columns, (std::vector<double>{rounded(0.6), 1, rounded(0.8), 0}));
  OpCase both("L2Norm");
  const auto all =
      both.input({2, 2}, {2, 2, 2, 2}).output({2, 2}).list("axes", {0, 1}).run().values();
  EXPECT_EQ(all, (std::vector<double>{0.5, 0.5, 0.5, 0.5}));
}

TEST(L2Norm, EpsilonBoundsTheSumOfSquaresOfFloat16AndTheNormOfFloat32) {
  const auto half = OpCase("L2Norm")
                        .input({1, 1}, {0.5})
                        .output({1, 1})
                        .u32("axis", 1)
                        .f32("epsilon", 4)
                        .run()
                        .values();
  EXPECT_EQ(half[0], 0.25);
  const auto single = OpCase("L2Norm")
                          .input({1, 1}, {0.5}, QNN_DATATYPE_FLOAT_32)
                          .output({1, 1}, QNN_DATATYPE_FLOAT_32)
                          .u32("axis", 1)
                          .f32("epsilon", 4)
                          .run()
                          .values();
  EXPECT_EQ(single[0], 0.125);
}

TEST(L2Norm, LeavesZerosWithTheirSigns) {
  const auto made = OpCase("L2Norm")
                        .bits({1, 2}, {0x0000, 0x8000})
                        .output({1, 2})
                        .u32("axis", 1)
                        .f32("epsilon", 0)
                        .run()
                        .halves();
  EXPECT_EQ(made, (std::vector<uint16_t>{0x0000, 0x8000}));
}

TEST(ReduceSum, SumsAnyAxesAndKeepsOrDropsThem) {
  const std::vector<double> x{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};  // [2, 3, 2]
  OpCase kept("ReduceSum");
  EXPECT_EQ(kept.input({2, 3, 2}, x)
                .output({2, 1, 2})
                .list("axes", {1})
                .flag("keep_dims", true)
                .run()
                .values(),
            (std::vector<double>{9, 12, 27, 30}));
  OpCase dropped("ReduceSum");
  EXPECT_EQ(dropped.input({2, 3, 2}, x).output({3}).list("axes", {2, 0}).run().values(),
            (std::vector<double>{18, 26, 34}));
  OpCase all("ReduceSum");
  EXPECT_EQ(all.input({2, 3, 2}, x).output({1}).list("axes", {0, 1, 2}).run().values()[0], 78);
}

TEST(ReduceSum, RoundsOnceIntoTheExtendedRange) {
  const auto sum = [](const std::vector<uint16_t>& bits) {
    return OpCase("ReduceSum")
        .bits({1, 4}, bits)
        .output({1, 1})
        .list("axes", {1})
        .flag("keep_dims", true)
        .run()
        .halves()[0];
  };
  EXPECT_EQ(sum({0x7BFF, 0x7BFF, 0x7BFF, 0x7BFF}), 0x7FFF);
  EXPECT_EQ(sum({0x7C00, 0xFC00, 0, 0}), 0x0000);
  EXPECT_EQ(sum({0x3C00, 0x1000, 0, 0}), 0x3C01) << "1 + half a unit: away from zero";
  EXPECT_EQ(sum({0x3C00, 0x0C00, 0x0C00, 0}), 0x3C01) << "terms add up before the rounding";
}

TEST(Norms, AreRefusedWithoutTheirAxes) {
  const std::vector<double> x(6);
  EXPECT_NE(OpCase("LayerNorm")
                .input({2, 3}, x)
                .output({2, 3})
                .list("axes", {0})
                .fault()
                .find("axes must name the last 1 of [2,3]"),
            std::string::npos);
  EXPECT_NE(OpCase("LayerNorm")
                .input({2, 3}, x)
                .output({2, 3})
                .list("axes", {2})
                .fault()
                .find("axes names axis 2 of a tensor of rank 2"),
            std::string::npos);
  EXPECT_NE(OpCase("LayerNorm")
                .input({2, 3}, x)
                .output({2, 3})
                .list("axes", {1})
                .f32("epsilon", -1)
                .fault()
                .find("epsilon is -1"),
            std::string::npos);
  EXPECT_NE(OpCase("LayerNorm")
                .input({2, 3}, x)
                .input({2}, {1, 1})
                .output({2, 3})
                .list("axes", {1})
                .fault()
                .find("[3] was expected"),
            std::string::npos);
  EXPECT_NE(OpCase("ReduceSum")
                .input({2, 3}, x)
                .output({1})
                .list("axes", {1, 1})
                .fault()
                .find("more than once"),
            std::string::npos);
  EXPECT_NE(OpCase("ReduceSum")
                .input({2, 3}, x)
                .output({2, 1})
                .list("axes", {1})
                .fault()
                .find("[2] was expected: input [2,3] without the summed axes"),
            std::string::npos);
  EXPECT_NE(OpCase("ReduceSum")
                .input({2, 3}, x)
                .output({2})
                .list("axes", {})
                .fault()
                .find("names no axis"),
            std::string::npos);
}

}  // namespace
}  // namespace qnn_host
