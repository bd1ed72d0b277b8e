#pragma once

#include "../api/fault.h"
#include "QnnTensor.h"
#include "graph_model.h"

namespace qnn_host {

/// Largest rank that any op takes; keeps what is read from clients bounded.
constexpr uint32_t kMaxRank = 8;
/// Bytes of the largest tensor, 1 TiB: no sum of a few of them wraps.
constexpr uint64_t kMaxTensorBytes = uint64_t{1} << 40;

/// True for the types that tensors of this backend may have.
bool is_known_dtype(Qnn_DataType_t dtype);

/// Reads a tensor of version 1 or 2 and checks all of it but its encoding and data: name (where
/// `named`), type, format, data type, dimensions. QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM or
/// ..._UNSUPPORTED_TENSOR_PARAM.
Fault read_declaration(const Qnn_Tensor_t& source, bool named, Tensor* tensor);

/// The same with the encoding (encoding_rules.h), which fixed-point types must have.
Fault read_tensor(const Qnn_Tensor_t& source, bool named, Tensor* tensor);

/// The data that a client attached to `source`, of which `tensor` was read: plain memory of
/// `tensor.bytes()` bytes.
Fault read_data(const Qnn_Tensor_t& source, const Tensor& tensor, const uint8_t** data);

/// "key f16 [1,4,64]"
std::string describe(const Tensor& tensor);

}  // namespace qnn_host
