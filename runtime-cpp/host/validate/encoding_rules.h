#pragma once

#include "../api/fault.h"
#include "graph_model.h"

namespace qnn_host {

/// Copies the encoding of a tensor of a fixed-point type, whose dims have been read. Its own
/// faults: no encoding, a kind that is not known, lists that are null or of a wrong length.
/// QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM or ..._UNSUPPORTED_TENSOR_PARAM.
Fault read_encoding(const Qnn_QuantizeParams_t& source, Tensor* tensor);

/// Holds the encoding of a tensor of a fixed-point type against the tensor: kind, bit width, axis,
/// numbers of scales, and that every number makes sense.
Fault check_encoding(const Tensor& tensor);

}  // namespace qnn_host
