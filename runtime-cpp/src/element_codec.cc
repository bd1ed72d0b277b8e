#include "element_codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "float16.h"

namespace rwkv {
namespace {

template <typename T>
T load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

template <typename T>
void store(uint8_t* bytes, T value) {
  std::memcpy(bytes, &value, sizeof value);
}

constexpr float kLargestFloat16 = 65504;

}  // namespace

Result<ElementCodec> ElementCodec::create(Dtype dtype, const TensorInfo& tensor) {
  ElementCodec codec;
  codec.dtype_ = dtype;
  if (dtype == Dtype::kUint16) {
    if (!tensor.has_encoding || !(tensor.scale > 0)) {
      return input_error("tensor/no-encoding", "the fixed-point tensor " + tensor.name +
                                                   " has no scale: its values cannot be read");
    }
    codec.scale_ = tensor.scale;
    codec.offset_ = tensor.offset;
  }
  return codec;
}

float ElementCodec::read(const uint8_t* element) const {
  switch (dtype_) {
    case Dtype::kFloat16:
      return float16_to_float32(load<uint16_t>(element));
    case Dtype::kFloat32:
      return load<float>(element);
    case Dtype::kInt32:
      return static_cast<float>(load<int32_t>(element));
    case Dtype::kUint16:
      return static_cast<float>(load<uint16_t>(element) + offset_) * scale_;
  }
  return 0;
}

void ElementCodec::write(uint8_t* element, float value) const {
  switch (dtype_) {
    case Dtype::kFloat16:
      if (std::isfinite(value)) value = std::clamp(value, -kLargestFloat16, kLargestFloat16);
      store(element, float32_to_float16(value));
      return;
    case Dtype::kFloat32:
      store(element, value);
      return;
    case Dtype::kInt32: {
      // 2147483520 is the largest float below 2^31.
      const float whole = std::isnan(value) ? 0 : std::nearbyint(value);
      store(element, static_cast<int32_t>(std::clamp(whole, -2147483648.0f, 2147483520.0f)));
      return;
    }
    case Dtype::kUint16: {
      const float q =
          std::isnan(value) ? 0 : std::nearbyint(value / scale_) - static_cast<float>(offset_);
      store(element, static_cast<uint16_t>(std::clamp(q, 0.0f, 65535.0f)));
      return;
    }
  }
}

void ElementCodec::read_all(const uint8_t* elements, size_t count, float* values) const {
  if (dtype_ == Dtype::kFloat32) {
    std::memcpy(values, elements, count * sizeof(float));
    return;
  }
  for (size_t i = 0; i < count; ++i) values[i] = read(elements + i * element_size());
}

void ElementCodec::write_all(uint8_t* elements, size_t count, const float* values) const {
  for (size_t i = 0; i < count; ++i) write(elements + i * element_size(), values[i]);
}

}  // namespace rwkv
