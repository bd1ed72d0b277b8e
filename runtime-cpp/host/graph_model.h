#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "QnnTypes.h"

namespace qnn_host {

/// How the stored integers of a fixed-point tensor stand for numbers: value = (stored + offset) *
/// scale, scale and offset those of the element's slice along `axis`. With BLOCKWISE_EXPANSION the
/// inputs of a slice are cut into `blocks` blocks, and the scale is the slice's times the block's.
struct Encoding {
  Qnn_QuantizationEncoding_t kind = QNN_QUANTIZATION_ENCODING_UNDEFINED;  ///< UNDEFINED: none
  uint32_t bitwidth = 0;  ///< of the values; 0: all bits of the type
  uint32_t axis = 0;
  std::vector<float> scales;     ///< one, or one per slice
  std::vector<int32_t> offsets;  ///< as many
  uint32_t blocks = 0;
  std::vector<uint8_t> block_scales;  ///< [slices][blocks]

  bool is_per_axis() const {
    return kind == QNN_QUANTIZATION_ENCODING_AXIS_SCALE_OFFSET ||
           kind == QNN_QUANTIZATION_ENCODING_BW_AXIS_SCALE_OFFSET ||
           kind == QNN_QUANTIZATION_ENCODING_BLOCKWISE_EXPANSION;
  }
  friend bool operator==(const Encoding& a, const Encoding& b) {
    return a.is_per_axis() == b.is_per_axis() && a.axis == b.axis && a.scales == b.scales &&
           a.offsets == b.offsets && a.block_scales == b.block_scales;
  }
};

/// A tensor as the client declared it. Dense, row-major; elements of 4 bits two to a byte, the
/// first in the low half.
struct Tensor {
  std::string name;
  uint32_t id = 0;
  Qnn_TensorType_t type = QNN_TENSOR_TYPE_UNDEFINED;
  Qnn_DataType_t dtype = QNN_DATATYPE_UNDEFINED;
  std::vector<uint32_t> dims;
  Encoding encoding;  ///< of fixed-point types
  /// STATIC only: `bytes()` bytes.
  const uint8_t* data = nullptr;
  /// Keeps `data` alive; null when they are the client's own.
  std::shared_ptr<const void> owner;
  /// `data` lie in the client's mapping of a file, whose pages may be given back.
  bool is_mapped = false;

  bool is_static() const { return type == QNN_TENSOR_TYPE_STATIC; }
  uint64_t elements() const;
  uint64_t bytes() const;
};

/// Bytes of one element; 0 for packed elements, and for a type that the backend does not know.
uint32_t element_size(Qnn_DataType_t dtype);
/// "f16", "f32", "i32", "uq16", ...: the op table's names.
const char* dtype_name(Qnn_DataType_t dtype);
bool is_fixed_point(Qnn_DataType_t dtype);

/// A node's parameter: a scalar (no dims) or a tensor.
struct Param {
  std::string name;
  Qnn_DataType_t dtype = QNN_DATATYPE_UNDEFINED;
  bool is_tensor = false;
  std::vector<uint32_t> dims;
  std::vector<uint8_t> bytes;
};

struct Node {
  std::string name;
  std::string type;  ///< "MatMul"; the package is always qti.aisw
  std::vector<Param> params;
  std::vector<uint32_t> inputs;  ///< places in GraphModel::tensors
  std::vector<uint32_t> outputs;

  const Param* param(const char* name) const;
  bool flag(const char* name, bool otherwise) const;
  uint32_t u32(const char* name, uint32_t otherwise) const;
  float f32(const char* name, float otherwise) const;
  /// Empty when the parameter is absent. Elements of 4 bytes.
  std::vector<int32_t> list(const char* name) const;
};

/// A graph under construction: what the client said, in the order in which it was said.
struct GraphModel {
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;
};

}  // namespace qnn_host
