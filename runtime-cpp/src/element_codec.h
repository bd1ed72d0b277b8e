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
  /// An error when the type is fixed-point and the tensor brings no encoding.
  static Result<ElementCodec> create(Dtype dtype, const TensorInfo& tensor);

  size_t element_size() const { return dtype_size(dtype_); }
  float read(const uint8_t* element) const;
  /// A finite value beyond the type's range becomes the nearest end of it and not infinity: states
  /// start at values such as -1e30, and an infinity would turn into NaN where two of them meet.
  void write(uint8_t* element, float value) const;

  void read_all(const uint8_t* elements, size_t count, float* values) const;
  void write_all(uint8_t* elements, size_t count, const float* values) const;

 private:
  Dtype dtype_ = Dtype::kFloat32;
  float scale_ = 1;
  int32_t offset_ = 0;
};

}  // namespace rwkv
