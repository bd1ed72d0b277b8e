#include "float16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "element_codec.h"

namespace rwkv {
namespace {

TEST(Float16, EveryHalfGoesThereAndBack) {
  for (uint32_t half = 0; half < 65536; ++half) {
    const float value = float16_to_float32(static_cast<uint16_t>(half));
    if (std::isnan(value)) {
      EXPECT_EQ(float32_to_float16(value) & 0x7E00, 0x7E00) << half;
    } else {
      EXPECT_EQ(float32_to_float16(value), half);
    }
  }
}

TEST(Float16, KnownValues) {
  EXPECT_EQ(float16_to_float32(0x3C00), 1.0f);
  EXPECT_EQ(float16_to_float32(0x7BFF), 65504.0f);
  EXPECT_EQ(float16_to_float32(0x0001), 0x1p-24f);
  EXPECT_EQ(float16_to_float32(0x8400), -0x1p-14f);
  EXPECT_EQ(float16_to_float32(0xFC00), -INFINITY);
}

/// Every pair of neighbours: the middle goes to the even one, and a hair to either side to the
/// nearer.
TEST(Float16, RoundsToNearestEven) {
  for (uint32_t half = 0; half < 0x7BFF; ++half) {
    const float low = float16_to_float32(static_cast<uint16_t>(half));
    const float high = float16_to_float32(static_cast<uint16_t>(half + 1));
    const float middle = low + (high - low) / 2;
    EXPECT_EQ(float32_to_float16(middle), half + (half & 1)) << half;
    EXPECT_EQ(float32_to_float16(std::nextafter(middle, 0.0f)), half) << half;
    EXPECT_EQ(float32_to_float16(std::nextafter(middle, 1e30f)), half + 1) << half;
  }
}

TEST(Float16, OverflowsToInfinity) {
  EXPECT_EQ(float32_to_float16(65519.996f), 0x7BFF);
  EXPECT_EQ(float32_to_float16(65520.0f), 0x7C00);
  EXPECT_EQ(float32_to_float16(-1e30f), 0xFC00);
  EXPECT_EQ(float32_to_float16(INFINITY), 0x7C00);
  EXPECT_EQ(float32_to_float16(1e-30f), 0);
  EXPECT_EQ(float32_to_float16(-0.0f), 0x8000);
}

TEST(ElementCodec, KeepsFiniteValuesFinite) {
  const ElementCodec codec = ElementCodec::create(Dtype::kFloat16, TensorInfo()).value();
  uint8_t bytes[2];
  codec.write(bytes, -1e30f);
  EXPECT_EQ(codec.read(bytes), -65504.0f);
  codec.write(bytes, -INFINITY);
  EXPECT_EQ(codec.read(bytes), -INFINITY);
}

TEST(ElementCodec, FixedPointUsesTheEncoding) {
  TensorInfo info;
  info.name = "x";
  EXPECT_FALSE(ElementCodec::create(Dtype::kUint16, info).ok());
  info.has_encoding = true;
  info.scale = 0.5f;
  info.offset = -100;
  const ElementCodec codec = ElementCodec::create(Dtype::kUint16, info).value();
  uint8_t bytes[2];
  codec.write(bytes, 3.2f);  // 6.4 steps, to 6
  EXPECT_EQ(codec.read(bytes), 3.0f);
  codec.write(bytes, -1000);
  EXPECT_EQ(codec.read(bytes), -50.0f);
}

TEST(ElementCodec, EveryFixedPointTypeHasValues) {
  struct Case {
    Qnn_DataType_t dtype;
    int32_t offset;
    float low, high;  // with a scale of 1/2
  };
  for (const Case& c : {Case{QNN_DATATYPE_UFIXED_POINT_8, -128, -64, 63.5f},
                        Case{QNN_DATATYPE_SFIXED_POINT_8, 0, -64, 63.5f},
                        Case{QNN_DATATYPE_UFIXED_POINT_16, -32768, -16384, 16383.5f},
                        Case{QNN_DATATYPE_SFIXED_POINT_16, 0, -16384, 16383.5f}}) {
    TensorInfo info;
    info.name = "x";
    info.dtype = c.dtype;
    EXPECT_FALSE(ElementCodec::create(info).ok());
    info.has_encoding = true;
    info.scale = 0.5f;
    info.offset = c.offset;
    const ElementCodec codec = ElementCodec::create(info).value();
    std::vector<uint8_t> bytes(5 * codec.element_size());
    const std::vector<float> values{-1e9f, 1e9f, 0, -1.5f, std::nanf("")};
    codec.write_all(bytes.data(), 5, values.data());
    std::vector<float> back(5);
    codec.read_all(bytes.data(), 5, back.data());
    EXPECT_EQ(back, (std::vector<float>{c.low, c.high, 0, -1.5f, 0}));
  }
  TensorInfo index;
  index.dtype = QNN_DATATYPE_INT_32;
  EXPECT_FALSE(ElementCodec::has_values(index));
  EXPECT_FALSE(ElementCodec::create(index).ok());
}

TEST(ElementCodec, IntegersSaturate) {
  const ElementCodec codec = ElementCodec::create(Dtype::kInt32, TensorInfo()).value();
  uint8_t bytes[4];
  int32_t value;
  for (const float x : {1e20f, -1e20f, 2.5f, std::nanf("")}) {
    codec.write(bytes, x);
    std::memcpy(&value, bytes, 4);
    EXPECT_EQ(value, x > 1e9f ? INT32_MAX : x < -1e9f ? INT32_MIN : x == 2.5f ? 2 : 0) << x;
  }
}

}  // namespace
}  // namespace rwkv
