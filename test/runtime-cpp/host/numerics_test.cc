// Element formats of the host backend, over all 65536 patterns.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "float16.h"  // the runtime's conversions, written independently
#include "numerics/float16.h"

namespace qnn_host {
namespace {

bool is_finite(uint32_t bits) {
  return (bits & 0x7C00) != 0x7C00;
}

TEST(IeeeHalf, ReadsEveryPatternAsTheRuntimeDoes) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const double value = ieee_value(static_cast<uint16_t>(bits));
    const double expected =
        static_cast<double>(rwkv::float16_to_float32(static_cast<uint16_t>(bits)));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << std::hex << bits;
    } else {
      ASSERT_EQ(value, expected) << std::hex << bits;
      ASSERT_EQ(std::signbit(value), std::signbit(expected)) << std::hex << bits;
    }
  }
}

TEST(IeeeHalf, WritesEveryValueBackUnchanged) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const uint16_t half = static_cast<uint16_t>(bits);
    if (std::isnan(ieee_value(half))) {
      ASSERT_EQ(ieee_half(ieee_value(half)) & 0x7FFF, 0x7E00);
    } else {
      ASSERT_EQ(ieee_half(ieee_value(half)), half);
    }
  }
}

TEST(IeeeHalf, RoundsToNearestTiesToEven) {
  for (uint32_t bits = 0; bits < 0x7BFF; ++bits) {
    const double below = ieee_value(static_cast<uint16_t>(bits));
    const double above = ieee_value(static_cast<uint16_t>(bits + 1));
    const double middle = (below + above) / 2;
    const uint32_t even = bits + (bits & 1);
    ASSERT_EQ(ieee_half(middle), even) << std::hex << bits;
    ASSERT_EQ(ieee_half(-middle), even | 0x8000) << std::hex << bits;
    ASSERT_EQ(ieee_half(std::nextafter(middle, 0.0)), bits) << std::hex << bits;
    ASSERT_EQ(ieee_half(std::nextafter(middle, HUGE_VAL)), bits + 1) << std::hex << bits;
  }
}

TEST(IeeeHalf, AgreesWithTheRuntimeOnRandomFloats) {
  std::mt19937 random(1);
  for (int i = 0; i < 1000000; ++i) {
    const uint32_t bits = static_cast<uint32_t>(random());
    float value;
    std::memcpy(&value, &bits, sizeof value);
    ASSERT_EQ(ieee_half(static_cast<double>(value)), rwkv::float32_to_float16(value)) << value;
  }
}

TEST(IeeeHalf, BecomesInfinityFrom65520On) {
  EXPECT_EQ(ieee_half(65519.99), 0x7BFF);
  EXPECT_EQ(ieee_half(65520.0), 0x7C00);
  EXPECT_EQ(ieee_half(-1e300), 0xFC00);
}

TEST(ExtendedHalf, HasOneMoreBinadeAndIsAlwaysFinite) {
  EXPECT_EQ(extended_value(0x7C00), 65536.0);
  EXPECT_EQ(extended_value(0x7FFF), 131008.0);
  EXPECT_EQ(extended_value(0xFE00), -98304.0);
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const uint16_t half = static_cast<uint16_t>(bits);
    if (is_finite(bits)) {
      ASSERT_EQ(extended_value(half), ieee_value(half));
    }
    ASSERT_EQ(extended_half(extended_value(half)), half);
  }
}

TEST(ExtendedHalf, RoundsToNearestTiesAwayFromZero) {
  for (uint32_t bits = 0; bits < 0x7FFF; ++bits) {
    const double below = extended_value(static_cast<uint16_t>(bits));
    const double above = extended_value(static_cast<uint16_t>(bits + 1));
    const double middle = (below + above) / 2;
    ASSERT_EQ(extended_half(middle), bits + 1) << std::hex << bits;
    ASSERT_EQ(extended_half(-middle), (bits + 1) | 0x8000) << std::hex << bits;
    ASSERT_EQ(extended_half(std::nextafter(middle, 0.0)), bits) << std::hex << bits;
  }
}

TEST(ExtendedHalf, SticksAtItsLargestMagnitude) {
  EXPECT_EQ(extended_half(131008.0), 0x7FFF);
  EXPECT_EQ(extended_half(1e300), 0x7FFF);
  EXPECT_EQ(extended_half(-HUGE_VAL), 0xFFFF);
  EXPECT_EQ(extended_half(std::nan("")), 0x7FFF);
}

}  // namespace
}  // namespace qnn_host
