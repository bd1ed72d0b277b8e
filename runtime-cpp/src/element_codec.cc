#include "element_codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

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

Qnn_DataType_t type_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::kFloat16:
      return QNN_DATATYPE_FLOAT_16;
    case Dtype::kFloat32:
      return QNN_DATATYPE_FLOAT_32;
    case Dtype::kInt32:
      return QNN_DATATYPE_INT_32;
    case Dtype::kUint16:
      return QNN_DATATYPE_UFIXED_POINT_16;
  }
  return QNN_DATATYPE_UNDEFINED;
}

bool is_fixed_point(Qnn_DataType_t dtype) {
  switch (dtype) {
    case QNN_DATATYPE_UFIXED_POINT_8:
    case QNN_DATATYPE_SFIXED_POINT_8:
    case QNN_DATATYPE_UFIXED_POINT_16:
    case QNN_DATATYPE_SFIXED_POINT_16:
    case QNN_DATATYPE_SFIXED_POINT_32:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool ElementCodec::has_values(const TensorInfo& tensor) {
  return tensor.dtype == QNN_DATATYPE_FLOAT_16 || tensor.dtype == QNN_DATATYPE_FLOAT_32 ||
         is_fixed_point(tensor.dtype);
}

Result<ElementCodec> ElementCodec::create(Dtype dtype, const TensorInfo& tensor) {
  return of_type(type_of(dtype), tensor);
}

Result<ElementCodec> ElementCodec::create(const TensorInfo& tensor) {
  if (!has_values(tensor)) {
    return input_error("tensor/type", "tensor " + tensor.name + " is " + tensor.describe() +
                                          ": it has no float32 values");
  }
  return of_type(tensor.dtype, tensor);
}

Result<ElementCodec> ElementCodec::of_type(Qnn_DataType_t dtype, const TensorInfo& tensor) {
  ElementCodec codec;
  codec.dtype_ = dtype;
  if (is_fixed_point(dtype)) {
    if (!tensor.has_encoding || !(tensor.scale > 0)) {
      return input_error("tensor/no-encoding", "the fixed-point tensor " + tensor.name +
                                                   " has no scale: its values cannot be read");
    }
    codec.scale_ = tensor.scale;
    codec.offset_ = tensor.offset;
  }
  return codec;
}

namespace {

template <typename T>
void read_fixed(const uint8_t* elements, size_t count, float scale, int32_t offset, float* values) {
  for (size_t i = 0; i < count; ++i) {
    const int64_t stored = load<T>(elements + i * sizeof(T));
    values[i] = static_cast<float>(stored + offset) * scale;
  }
}

/// The nearest number that the type holds; a NaN becomes the one nearest to 0.
template <typename T>
void write_fixed(uint8_t* element, float value, float scale, int32_t offset) {
  const double stored =
      std::isnan(value) ? 0.0 : std::nearbyint(static_cast<double>(value) / scale);
  store(element, static_cast<T>(std::clamp(stored - offset,
                                           static_cast<double>(std::numeric_limits<T>::min()),
                                           static_cast<double>(std::numeric_limits<T>::max()))));
}

}  // namespace

float ElementCodec::read(const uint8_t* element) const {
  float value;
  read_all(element, 1, &value);
  return value;
}

void ElementCodec::write(uint8_t* element, float value) const {
  switch (dtype_) {
    case QNN_DATATYPE_FLOAT_16:
      if (std::isfinite(value)) value = std::clamp(value, -kLargestFloat16, kLargestFloat16);
      store(element, float32_to_float16(value));
      return;
    case QNN_DATATYPE_FLOAT_32:
      store(element, value);
      return;
    case QNN_DATATYPE_INT_32:
      return write_fixed<int32_t>(element, value, 1, 0);
    case QNN_DATATYPE_UFIXED_POINT_8:
      return write_fixed<uint8_t>(element, value, scale_, offset_);
    case QNN_DATATYPE_SFIXED_POINT_8:
      return write_fixed<int8_t>(element, value, scale_, offset_);
    case QNN_DATATYPE_UFIXED_POINT_16:
      return write_fixed<uint16_t>(element, value, scale_, offset_);
    case QNN_DATATYPE_SFIXED_POINT_16:
      return write_fixed<int16_t>(element, value, scale_, offset_);
    case QNN_DATATYPE_SFIXED_POINT_32:
      return write_fixed<int32_t>(element, value, scale_, offset_);
    default:
      return;
  }
}

// All elements of a type in a loop of its own: a large vocabulary's logits are read every token.
void ElementCodec::read_all(const uint8_t* elements, size_t count, float* values) const {
  switch (dtype_) {
    case QNN_DATATYPE_FLOAT_16:
      for (size_t i = 0; i < count; ++i)
        values[i] = float16_to_float32(load<uint16_t>(elements + i * sizeof(uint16_t)));
      return;
    case QNN_DATATYPE_FLOAT_32:
      std::memcpy(values, elements, count * sizeof(float));
      return;
    case QNN_DATATYPE_INT_32:
      return read_fixed<int32_t>(elements, count, 1, 0, values);
    case QNN_DATATYPE_UFIXED_POINT_8:
      return read_fixed<uint8_t>(elements, count, scale_, offset_, values);
    case QNN_DATATYPE_SFIXED_POINT_8:
      return read_fixed<int8_t>(elements, count, scale_, offset_, values);
    case QNN_DATATYPE_UFIXED_POINT_16:
      return read_fixed<uint16_t>(elements, count, scale_, offset_, values);
    case QNN_DATATYPE_SFIXED_POINT_16:
      return read_fixed<int16_t>(elements, count, scale_, offset_, values);
    case QNN_DATATYPE_SFIXED_POINT_32:
      return read_fixed<int32_t>(elements, count, scale_, offset_, values);
    default:
      std::fill(values, values + count, 0.0f);
  }
}

void ElementCodec::write_all(uint8_t* elements, size_t count, const float* values) const {
  for (size_t i = 0; i < count; ++i) write(elements + i * element_size(), values[i]);
}

}  // namespace rwkv
