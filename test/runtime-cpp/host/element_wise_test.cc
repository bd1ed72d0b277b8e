// Element-wise ops against their definitions: broadcasting, rounding, what happens at the ends of
// float16's range.

#include <cmath>
#include <limits>

#include "op_case.h"
#include "random_values.h"

namespace qnn_host {
namespace {

using Dims = std::vector<uint32_t>;
using Halves = std::vector<uint16_t>;

/// Of one pair of patterns, each in a row of 16, so that additions take the form of matrix
/// products.
uint16_t of_rows(const char* type, uint16_t a, uint16_t b) {
  return OpCase(type)
      .bits({16}, Halves(16, a))
      .bits({16}, Halves(16, b))
      .output({16})
      .run()
      .halves()[5];
}
/// The second operand is broadcast.
uint16_t with_scalar(const char* type, uint16_t a, uint16_t b) {
  return OpCase(type).bits({16}, Halves(16, a)).bits({1}, {b}).output({16}).run().halves()[5];
}
uint16_t of_one(const char* type, uint16_t x) {
  return OpCase(type).bits({1}, {x}).output({1}).run().halves()[0];
}
double of_float(const char* type, double x) {
  return OpCase(type)
      .input({1}, {x}, QNN_DATATYPE_FLOAT_32)
      .output({1}, QNN_DATATYPE_FLOAT_32)
      .run()
      .values()[0];
}

struct Form {
  Dims a, b, out;
};

TEST(Broadcasting, ReadsTheElementsThatNumpyWould) {
  const Form forms[] = {{{4}, {4}, {4}},
                        {{1}, {3}, {3}},
                        {{2, 3}, {3}, {2, 3}},
                        {{3}, {2, 3}, {2, 3}},
                        {{2, 1}, {1, 3}, {2, 3}},
                        {{1, 4, 1, 5}, {1, 4, 3, 1}, {1, 4, 3, 5}},
                        {{2, 3, 4, 5}, {1}, {2, 3, 4, 5}},
                        {{2, 1, 2, 1, 2}, {3, 1, 4, 1}, {2, 3, 2, 4, 2}}};
  for (const Form& form : forms) {
    size_t a_count = 1, b_count = 1, count = 1;
    for (const uint32_t extent : form.a) a_count *= extent;
    for (const uint32_t extent : form.b) b_count *= extent;
    for (const uint32_t extent : form.out) count *= extent;
    const auto a = random_halves(a_count, 1), b = random_halves(b_count, 2);
    const auto made = OpCase("ElementWiseSubtract")
                          .input(form.a, a)
                          .input(form.b, b)
                          .output(form.out)
                          .run()
                          .values();
    // An index worked out from the position, axis by axis from the right.
    const auto at = [&](const Dims& dims, size_t position) {
      size_t index = 0, step = 1, rest = position;
      for (size_t back = 1; back <= form.out.size(); ++back) {
        const size_t place = rest % form.out[form.out.size() - back];
        rest /= form.out[form.out.size() - back];
        if (back > dims.size()) continue;
        if (dims[dims.size() - back] != 1) index += place * step;
        step *= dims[dims.size() - back];
      }
      return index;
    };
    for (size_t i = 0; i < count; ++i) {
      const double exact = a[at(form.a, i)] - b[at(form.b, i)];
      ASSERT_EQ(made[i], extended_value(extended_half(exact))) << "element " << i;
    }
  }
}

TEST(Add, OfEqualShapesRoundsTiesToEvenAndOverflowsToInfinity) {
  EXPECT_EQ(of_rows("ElementWiseAdd", 0x6800, 0x3C00), 0x6800);  // 2048 + 1
  EXPECT_EQ(of_rows("ElementWiseAdd", 0x7BFF, 0x7BFF), 0x7C00);
  EXPECT_EQ(of_rows("ElementWiseAdd", 0x8000, 0x8000), 0x0000);
  EXPECT_EQ(of_rows("ElementWiseAdd", 0x7C00, 0xFC00) & 0x7FFF, 0x7E00);
}

TEST(Add, OfABroadcastSecondOperandRoundsTiesAwayAndHasOneMoreBinade) {
  EXPECT_EQ(with_scalar("ElementWiseAdd", 0x6800, 0x3C00), 0x6801);
  EXPECT_EQ(with_scalar("ElementWiseAdd", 0x7B00, 0x7B00), 0x7F00);
  EXPECT_EQ(with_scalar("ElementWiseAdd", 0x7C00, 0xFC00), 0x0000);
  EXPECT_EQ(with_scalar("ElementWiseAdd", 0x8000, 0x8000), 0x8000);
}

TEST(Add, TakesItsFormFromShapesAndOrder) {
  const auto sum = [](const Dims& a, const Dims& b, const Dims& out, bool is_constant = false) {
    OpCase op("ElementWiseAdd");
    const auto filled = [](const Dims& dims, double value) {
      size_t count = 1;
      for (const uint32_t extent : dims) count *= extent;
      return std::vector<double>(count, value);
    };
    op.input(a, filled(a, 2048));
    if (is_constant) op.constant();
    return op.input(b, filled(b, 1)).output(out).run().halves()[0];
  };
  const uint16_t even = 0x6800, away = 0x6801;
  EXPECT_EQ(sum({2, 16}, {2, 16}, {2, 16}), even);
  EXPECT_EQ(sum({2, 15}, {2, 15}, {2, 15}), away) << "fewer than 16 in the last axis";
  EXPECT_EQ(sum({1, 1, 1, 16}, {16}, {1, 1, 1, 16}), even) << "nothing is repeated";
  EXPECT_EQ(sum({2, 16}, {16}, {2, 16}), away);
  EXPECT_EQ(sum({16}, {2, 16}, {2, 16}), away);
  EXPECT_EQ(sum({16}, {2, 16}, {2, 16}, true), even) << "a constant row comes first";
  EXPECT_EQ(sum({8}, {2, 8}, {2, 8}, true), away) << "a narrow one";
  EXPECT_EQ(sum({2, 1}, {2, 16}, {2, 16}), away) << "a column comes first";
  EXPECT_EQ(sum({1}, {2, 16}, {2, 16}), away);
}

TEST(MultiplyAndSubtract, RoundTiesAwayFromZero) {
  EXPECT_EQ(of_rows("ElementWiseSubtract", 0x6800, 0xBC00), 0x6801);
  // (1 + 2^-10) * 1.5 = 1.5 + 1.5 * 2^-10: half way between two numbers.
  EXPECT_EQ(of_rows("ElementWiseMultiply", 0x3C01, 0x3E00), 0x3E02);
  EXPECT_EQ(of_rows("ElementWiseMultiply", 0xBC01, 0x3E00), 0xBE02);
}

TEST(MultiplyAndSubtract, ReadExponent31AsNumbersAndStickAtTheLargest) {
  EXPECT_EQ(of_rows("ElementWiseMultiply", 0x7C00, 0x3800), 0x7800);  // 65536 / 2
  EXPECT_EQ(of_rows("ElementWiseMultiply", 0x7E00, 0x0000), 0x0000);
  EXPECT_EQ(of_rows("ElementWiseMultiply", 0x7C00, 0x4000), 0x7FFF);
  EXPECT_EQ(of_rows("ElementWiseSubtract", 0x7C00, 0x7C00), 0x0000);
  EXPECT_EQ(of_rows("ElementWiseSubtract", 0xFBFF, 0x7BFF), 0xFFFF);
}

TEST(Multiply, KeepsSubnormals) {
  EXPECT_EQ(of_rows("ElementWiseMultiply", 0x0001, 0x3C00), 0x0001);
  EXPECT_EQ(of_rows("ElementWiseMultiply", 0x0001, 0x3800), 0x0001);  // a tie
  EXPECT_EQ(of_rows("ElementWiseMultiply", 0x0001, 0x37FF), 0x0000);
}

TEST(Divide, MultipliesByAReciprocalThatIsCutOff) {
  // 1 / 3 is 1365.33 units of 2^-12.
  EXPECT_EQ(of_rows("ElementWiseDivide", 0x3C00, 0x4200), 0x3555);
  EXPECT_EQ(of_rows("ElementWiseDivide", 0x3C00, 0x7500), 0x0000) << "1 / 20480";
  EXPECT_EQ(of_rows("ElementWiseDivide", 0x3C00, 0x0000), 0x7BFF);
  EXPECT_EQ(of_rows("ElementWiseDivide", 0x0000, 0x0000), 0x0000);
  EXPECT_EQ(of_rows("ElementWiseDivide", 0x4000, 0x8000), 0xFFFF) << "2 * -65504";
}

TEST(Divide, IsWithinTwoUnitsOfTheQuotient) {
  const auto a = random_halves(4096, 3), b = random_halves(4096, 4);
  const auto made =
      OpCase("ElementWiseDivide").input({4096}, a).input({4096}, b).output({4096}).run().halves();
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::fabs(b[i]) < 1e-4) continue;  // its reciprocal is near the end of the range
    const int found = made[i] & 0x7FFF, exact = extended_half(a[i] / b[i]) & 0x7FFF;
    ASSERT_LE(std::abs(found - exact), 2) << a[i] << " / " << b[i];
  }
}

TEST(MaximumAndMinimum, OrderAllPatternsAndTheZeros) {
  EXPECT_EQ(of_rows("ElementWiseMaximum", 0x7E00, 0x7C00), 0x7E00);
  EXPECT_EQ(of_rows("ElementWiseMinimum", 0xFE00, 0xFC00), 0xFE00);
  EXPECT_EQ(of_rows("ElementWiseMaximum", 0x8000, 0x0000), 0x0000);
  EXPECT_EQ(of_rows("ElementWiseMaximum", 0x0000, 0x8000), 0x0000);
  EXPECT_EQ(of_rows("ElementWiseMinimum", 0x8000, 0x0000), 0x8000);
  EXPECT_EQ(of_rows("ElementWiseMinimum", 0x0000, 0x8000), 0x8000);
}

TEST(Float32, IsCorrectlyRoundedWithInfinitiesAndNans) {
  const auto of = [](const char* type, double a, double b) {
    return OpCase(type)
        .input({1}, {a}, QNN_DATATYPE_FLOAT_32)
        .input({1}, {b}, QNN_DATATYPE_FLOAT_32)
        .output({1}, QNN_DATATYPE_FLOAT_32)
        .run()
        .values()[0];
  };
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  EXPECT_EQ(of("ElementWiseAdd", 16777216, 1), 16777216);
  EXPECT_EQ(of("ElementWiseMultiply", 1e30, 1e30), inf);
  EXPECT_EQ(of("ElementWiseDivide", 1, 3), static_cast<double>(1.0f / 3.0f));
  EXPECT_EQ(of("ElementWiseDivide", 1, 0), inf);
  EXPECT_TRUE(std::isnan(of("ElementWiseSubtract", inf, inf)));
  EXPECT_TRUE(std::isnan(of("ElementWiseMaximum", nan, 1)));
  EXPECT_TRUE(std::isnan(of("ElementWiseMinimum", 1, nan)));
  EXPECT_EQ(of_float("ElementWiseExp", 1), static_cast<double>(std::exp(1.0f)));
  EXPECT_EQ(of_float("ElementWiseExp", -1000), 0);
  EXPECT_EQ(of_float("ElementWiseLog", 0), -inf);
  EXPECT_TRUE(std::isnan(of_float("ElementWiseSquareRoot", -1)));
  EXPECT_TRUE(std::isnan(of_float("Relu", nan)));
  EXPECT_EQ(of_float("Sigmoid", 0), 0.5);
  EXPECT_EQ(of_float("Tanh", -1), static_cast<double>(static_cast<float>(std::tanh(-1.0))));
}

TEST(Integers, WrapAroundAndDivideTowardsZero) {
  const auto of = [](const char* type, double a, double b) {
    return OpCase(type)
        .input({1}, {a}, QNN_DATATYPE_INT_32)
        .input({1}, {b}, QNN_DATATYPE_INT_32)
        .output({1}, QNN_DATATYPE_INT_32)
        .run()
        .values()[0];
  };
  EXPECT_EQ(of("ElementWiseAdd", 2147483647, 1), -2147483648.0);
  EXPECT_EQ(of("ElementWiseMultiply", 65536, 65536), 0);
  EXPECT_EQ(of("ElementWiseDivide", -7, 2), -3);
  EXPECT_EQ(of("ElementWiseDivide", -2147483648.0, -1), -2147483648.0);
  EXPECT_EQ(of("ElementWiseDivide", 5, 0), 0);
  EXPECT_EQ(of("ElementWiseMaximum", -5, 3), 3);
}

TEST(ElementWise, MayOverwriteAnOperandOfTheResultsShape) {
  OpCase op("ElementWiseAdd");
  op.input({2, 3}, {0, 0, 0, 0, 0, 0}).input({3}, {0, 0, 0}).output({2, 3});
  const auto kernel = find_op("ElementWiseAdd")->reference(op.op());
  EXPECT_TRUE(kernel->may_overwrite(0));
  EXPECT_FALSE(kernel->may_overwrite(1));
}

TEST(Unary, NegAndAbsChangeTheSignBitOnly) {
  EXPECT_EQ(of_one("ElementWiseNeg", 0x7E01), 0xFE01);
  EXPECT_EQ(of_one("ElementWiseNeg", 0x0000), 0x8000);
  EXPECT_EQ(of_one("ElementWiseAbs", 0xFE01), 0x7E01);
  EXPECT_EQ(of_one("Relu", 0x8001), 0x0000);
}

TEST(Activations, AreFusedBehindProductsAndSuchAdditions) {
  const auto sigmoid = [](const char* producer) {
    OpCase op("Sigmoid");
    op.input({1}, {1.5});
    if (producer != nullptr) op.produced_by(producer);
    return op.output({1}).run().values()[0];
  };
  // sigmoid(1.5) = 0.8176; the fused form is off by 3e-3.
  for (const char* fused : {"FullyConnected", "MatMul", "Conv2d", "ElementWiseAdd"})
    EXPECT_NEAR(sigmoid(fused), 0.8145, 1e-3) << fused;
  for (const char* plain : {"ElementWiseMultiply", "LayerNorm", "Relu"})
    EXPECT_NEAR(sigmoid(plain), 0.8176, 1e-3) << plain;
  EXPECT_NEAR(sigmoid(nullptr), 0.8176, 1e-3);
}

}  // namespace
}  // namespace qnn_host
