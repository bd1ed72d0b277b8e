#pragma once

#include <cstddef>
#include <cstdint>

#include "manifest.h"
#include "tensor_info.h"

namespace rwkv {

/// Values in a tensor's own type, to and from float32. Fixed-point types use the tensor's encoding.
class ElementCodec {
 public:
  ElementCodec() = default;
  /// For a manifest's type. An error when it is fixed-point and the tensor brings no encoding.
  static Result<ElementCodec> create(Dtype dtype, const TensorInfo& tensor);
  /// For the tensor's own type. An error, too, when it is no floating or fixed-point one of 8 or
  /// more bits.
  static Result<ElementCodec> create(const TensorInfo& tensor);
  static bool has_values(const TensorInfo& tensor);

  size_t element_size() const { return element_bytes(dtype_); }
  float read(const uint8_t* element) const;
  /// A finite value beyond the type's range becomes the nearest end of it and not infinity: states
  /// start at values such as -1e30, and an infinity would turn into NaN where two of them meet.
  void write(uint8_t* element, float value) const;

  void read_all(const uint8_t* elements, size_t count, float* values) const;
  void write_all(uint8_t* elements, size_t count, const float* values) const;

 private:
  static Result<ElementCodec> of_type(Qnn_DataType_t dtype, const TensorInfo& tensor);

  Qnn_DataType_t dtype_ = QNN_DATATYPE_FLOAT_32;
  float scale_ = 1;
  int32_t offset_ = 0;
};

}  // namespace rwkv
