#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "QnnTypes.h"

namespace qnn_host {

/// A tensor as the client declared it. Dense, row-major.
struct Tensor {
  std::string name;
  uint32_t id = 0;
  Qnn_TensorType_t type = QNN_TENSOR_TYPE_UNDEFINED;
  Qnn_DataType_t dtype = QNN_DATATYPE_UNDEFINED;
  std::vector<uint32_t> dims;
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

/// Bytes of one element; 0 for a type that the backend does not know.
uint32_t element_size(Qnn_DataType_t dtype);
/// "f16", "f32", "i32", ...: the op table's names.
const char* dtype_name(Qnn_DataType_t dtype);

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
