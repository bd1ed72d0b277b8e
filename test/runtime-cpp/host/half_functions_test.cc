// The device's approximations of float16 functions: facts measured on Qualcomm's simulator, and
// distance from the true functions over all arguments in the stated domains.

#include "numerics/half_functions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "numerics/float16.h"
#include "numerics/half_sigmoid.h"

namespace qnn_host {
namespace {

/// Steps between two patterns, counted through zero.
int steps(uint16_t a, uint16_t b) {
  const auto place = [](uint16_t bits) {
    return (bits & 0x8000) != 0 ? -(bits & 0x7FFF) : static_cast<int>(bits);
  };
  return std::abs(place(a) - place(b));
}

/// Largest distance, in units in the last place, from the exact function over the patterns from
/// `first` to `last`.
template <typename Function, typename Exact>
int worst_steps(uint16_t first, uint16_t last, Function function, Exact exact) {
  int worst = 0;
  for (uint32_t bits = first; bits <= last; ++bits) {
    const double x = extended_value(static_cast<uint16_t>(bits));
    worst = std::max(worst, steps(extended_half(function(x)), extended_half(exact(x))));
  }
  return worst;
}

template <typename Function, typename Exact>
double worst_error(Function function, Exact exact) {
  double worst = 0.0;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const double x = extended_value(static_cast<uint16_t>(bits));
    worst = std::max(worst, std::fabs(ieee_value(ieee_half(function(x))) - exact(x)));
  }
  return worst;
}

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}
double exact_tanh(double x) {
  return std::tanh(x);
}

TEST(HalfReciprocal, IsAtMostOneUnitBelowTheTrueOne) {
  const auto exact = [](double x) { return 1.0 / x; };
  EXPECT_LE(worst_steps(0x0101, 0x73FF, half_reciprocal, exact), 1);
  EXPECT_LE(worst_steps(0x8101, 0xF3FF, half_reciprocal, exact), 1);
}

TEST(HalfReciprocal, HasNoSubnormalsAndNoInfinity) {
  EXPECT_EQ(half_reciprocal(16384.0), 0x1p-14);
  EXPECT_EQ(half_reciprocal(16400.0), 0.0);
  EXPECT_EQ(half_reciprocal(0.0), 65504.0);
  EXPECT_EQ(half_reciprocal(-0.0), -65504.0);
  EXPECT_EQ(half_reciprocal(0x1p-24), 65504.0);
}

TEST(HalfExp, IsCorrectlyRoundedInItsDomain) {
  const auto exact = [](double x) { return std::exp(x); };
  EXPECT_EQ(worst_steps(0x0000, 0x4D80, half_exp, exact), 0);  // 0 to 22
  EXPECT_EQ(worst_steps(0x8000, 0xD580, half_exp, exact), 0);  // -0 to -88
}

TEST(HalfExp, LeavesItsDomainAsTheDeviceDoes) {
  EXPECT_EQ(extended_half(half_exp(12.0)), 0x7FFF);
  EXPECT_EQ(extended_half(half_exp(90.0)), 0x8000);
  EXPECT_EQ(extended_half(half_exp(-88.1875)), 0xFFFF);
  EXPECT_EQ(extended_half(half_exp(-100.0)), 0xFFFF);
  EXPECT_EQ(extended_half(half_exp(-179.0)), 0xB2C3);
  EXPECT_EQ(extended_half(half_exp(-200.0)), 0x8000);
}

TEST(HalfLog, IsCorrectlyRoundedForPositiveNumbers) {
  EXPECT_EQ(worst_steps(0x0001, 0x7BFF, half_log, [](double x) { return std::log(x); }), 0);
  EXPECT_EQ(extended_half(half_log(0.0)), 0xC7A0);
  EXPECT_EQ(extended_half(half_log(65536.0)), 0xB98C);
  EXPECT_EQ(extended_half(half_log(-1.0)), 0x7FFF);
}

TEST(HalfRoots, AreCorrectlyRoundedForPositiveNumbers) {
  EXPECT_EQ(worst_steps(0, 0x7FFF, half_square_root, [](double x) { return std::sqrt(x); }), 0);
  EXPECT_EQ(worst_steps(1, 0x7FFF, half_rsqrt, [](double x) { return 1.0 / std::sqrt(x); }), 0);
}

TEST(HalfRoots, OfZeroAndNegativeNumbers) {
  EXPECT_EQ(extended_half(half_square_root(-4.0)), 0xFFFF);
  EXPECT_EQ(extended_half(half_rsqrt(0.0)), 0x7247);
  EXPECT_EQ(extended_half(half_rsqrt(-0.0)), 0xB247);
  EXPECT_EQ(extended_half(half_rsqrt(-4.0)), 0x7FFF);
}

TEST(HalfRelu, MakesInfinityOfNans) {
  EXPECT_EQ(half_relu(-1.0), 0.0);
  EXPECT_EQ(half_relu(65504.0), 65504.0);
  EXPECT_EQ(extended_half(half_relu(extended_value(0x7E00))), 0x7C00);
  EXPECT_EQ(extended_half(half_relu(extended_value(0xFE00))), 0x0000);
}

// A step of the grid for its missing points, half of one for the halves that are added, and what a
// next larger argument makes: 1.6 steps on the simulator.
TEST(HalfSigmoid, IsWithinOnePointSixStepsOfTheTrueFunction) {
  EXPECT_LE(worst_error(half_sigmoid, sigmoid), 1.62 / 2048);
}

// Halving makes odd numbers of them; 1.004 is 1028 units, 1.00488 is 1029.
TEST(HalfSigmoid, ArgumentsOfFourUnitsCountAsTheNextLarger) {
  for (const double magnitude : {1.00390625, 3.5, 0.2578125}) {
    const double unit = std::ldexp(1.0, std::ilogb(magnitude) - 10);
    EXPECT_EQ(half_sigmoid(magnitude), half_sigmoid(magnitude + unit)) << magnitude;
    EXPECT_EQ(half_sigmoid(-magnitude), half_sigmoid(-magnitude - unit)) << magnitude;
  }
}

TEST(HalfSigmoid, IsOneStepOffAtZero) {
  EXPECT_EQ(half_sigmoid(0.0), 1025.0 / 2048);
  EXPECT_EQ(half_sigmoid(-0x1p-20), 1023.0 / 2048);
  EXPECT_EQ(half_sigmoid(-9.0), 0.0);
  EXPECT_EQ(half_sigmoid(131008.0), 1.0);
}

TEST(HalfTanh, IsWithinTwoUnitsOfTheTrueFunction) {
  EXPECT_LE(worst_steps(0x0000, 0x7FFF, half_tanh, exact_tanh), 2);
  EXPECT_LE(worst_steps(0x8001, 0xFFFF, half_tanh, exact_tanh), 2);
  EXPECT_TRUE(std::signbit(half_tanh(0.0)));
}

// The simulator's own errors are 3.76e-3 and 7.49e-3.
TEST(FusedHalfSigmoid, IsCoarse) {
  const double worst = worst_error(fused_half_sigmoid, sigmoid);
  EXPECT_LE(worst, 4e-3);
  EXPECT_GE(worst, 3.5e-3);
  EXPECT_EQ(fused_half_sigmoid(5.7), 1.0);
  EXPECT_EQ(fused_half_sigmoid(-5.7), 0.0);
}

TEST(FusedHalfTanh, IsCoarse) {
  const double worst = worst_error(fused_half_tanh, exact_tanh);
  EXPECT_LE(worst, 7.6e-3);
  EXPECT_GE(worst, 7e-3);
  EXPECT_EQ(fused_half_tanh(2.84), 1.0);
  EXPECT_EQ(fused_half_tanh(-2.84), -1.0);
}

}  // namespace
}  // namespace qnn_host
