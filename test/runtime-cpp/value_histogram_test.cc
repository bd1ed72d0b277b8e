#include "value_histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "random.h"

namespace rwkv {
namespace {

uint64_t total(const ValueHistogram& histogram) {
  return std::accumulate(histogram.bins.begin(), histogram.bins.end(), uint64_t{0});
}

/// The bin that holds `value`.
size_t bin_of(const ValueHistogram& histogram, float value) {
  return static_cast<size_t>(std::floor(std::ldexp(value, -histogram.exponent)) +
                             ValueHistogram::kBins / 2);
}

TEST(ValueHistogram, KeepsRangeCountsAndZeros) {
  ValueHistogram histogram;
  const float first[] = {0, -0.0f, 0.5f, -3};
  const float second[] = {7, 7, 7};
  histogram.add(first, 4);
  histogram.add(second, 3);
  histogram.add(second, 0);
  EXPECT_EQ(histogram.low, -3);
  EXPECT_EQ(histogram.high, 7);
  EXPECT_EQ(histogram.finite, 7u);
  EXPECT_EQ(histogram.zeros, 2u);
  EXPECT_EQ(total(histogram), 7u);
  EXPECT_EQ(histogram.bins[bin_of(histogram, 7)], 3u);
  EXPECT_EQ(histogram.bins[bin_of(histogram, -3)], 1u);
}

TEST(ValueHistogram, BinsDoubleWhenAValueLiesBeyondThem) {
  ValueHistogram histogram;
  for (const float value : {1e-30f, 1e-3f, -2.0f, 1000.0f, -1e30f}) histogram.add(&value, 1);
  EXPECT_EQ(total(histogram), 5u);
  EXPECT_EQ(histogram.bins[bin_of(histogram, -1e30f)], 1u);
  // 1e30 < 2^100: 1024 bins of 2^90.
  EXPECT_EQ(histogram.exponent, 90);
  EXPECT_EQ(histogram.bins[ValueHistogram::kBins / 2], 3u);
  EXPECT_EQ(histogram.bins[ValueHistogram::kBins / 2 - 1], 1u);
}

TEST(ValueHistogram, WhatIsNotFiniteIsInNoBin) {
  ValueHistogram histogram;
  const float values[] = {1, INFINITY, NAN, -INFINITY, -2};
  histogram.add(values, 5);
  EXPECT_EQ(histogram.not_finite, 3u);
  EXPECT_EQ(histogram.finite, 2u);
  EXPECT_EQ(histogram.low, -2);
  EXPECT_EQ(histogram.high, 1);
  EXPECT_EQ(total(histogram), 2u);
}

TEST(ValueHistogram, ExtremesOfFloat32) {
  ValueHistogram histogram;
  const float values[] = {__FLT_MAX__, -__FLT_MAX__, __FLT_DENORM_MIN__, -__FLT_DENORM_MIN__, 0};
  histogram.add(values, 5);
  EXPECT_EQ(total(histogram), 5u);
  EXPECT_EQ(histogram.high, __FLT_MAX__);
  EXPECT_EQ(histogram.zeros, 1u);
  ValueHistogram small;
  small.add(values + 2, 2);
  EXPECT_EQ(total(small), 2u);
}

TEST(ValueHistogram, EveryValueIsInItsBinOrAtItsEdge) {
  Random random(5);
  ValueHistogram whole;
  std::vector<float> values(5000);
  for (float& value : values) {
    value = static_cast<float>((random.uniform() - 0.5) * std::exp2(random.uniform() * 20 - 10));
  }
  for (size_t at = 0; at < values.size(); at += 500) whole.add(&values[at], 500);
  std::array<uint64_t, ValueHistogram::kBins> expected{};
  for (const float value : values) ++expected[bin_of(whole, value)];
  int64_t ahead = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    // A rounding in float32 moves a value over an edge, never further.
    ahead += static_cast<int64_t>(whole.bins[i]) - static_cast<int64_t>(expected[i]);
    EXPECT_LE(std::abs(ahead), 3) << "bin " << i;
  }
  EXPECT_EQ(ahead, 0);
}

}  // namespace
}  // namespace rwkv
