#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "QnnTypes.h"
#include "manifest.h"
#include "result.h"

namespace rwkv {

/// A graph input or output: all that execute needs to know, in memory of our own. Composed graphs
/// and binary infos describe their tensors in memory that goes away.
struct TensorInfo {
  std::string name;
  uint32_t id = 0;
  Qnn_TensorType_t type = QNN_TENSOR_TYPE_UNDEFINED;
  Qnn_TensorDataFormat_t format = 0;
  Qnn_DataType_t dtype = QNN_DATATYPE_UNDEFINED;
  std::vector<uint32_t> dims;
  /// Encoding of a fixed-point tensor: value = (q + offset) * scale. 1 and 0 when it has none.
  float scale = 1;
  int32_t offset = 0;
  bool has_encoding = false;

  uint64_t elements() const;
  uint64_t bytes() const;
  /// "float16 [1, 64, 64]".
  std::string describe() const;

  /// A tensor over `data` of bytes(). It borrows this info: keep it in its place as long as the
  /// tensor.
  Qnn_Tensor_t bind(void* data) const;
};

/// Copies what a Qnn_Tensor_t of version 1 or 2 says.
Result<TensorInfo> read_tensor_info(const Qnn_Tensor_t& tensor);
Result<std::vector<TensorInfo>> read_tensor_infos(const Qnn_Tensor_t* tensors, uint32_t count);

/// Bytes of one element, 0 for types that cannot cross a graph's boundary.
uint32_t element_bytes(Qnn_DataType_t dtype);
/// "float16", "uint8", "ufixed16", ...
std::string data_type_name(Qnn_DataType_t dtype);
/// Whether a manifest's type and QNN's are the same; uint16 is the container of UFIXED_POINT_16.
bool same_dtype(Dtype manifest, Qnn_DataType_t qnn);

}  // namespace rwkv
