#include "tensor_rules.h"
#include "encoding_rules.h"
#include "sane_enum.h"

#include <algorithm>
#include <cstdio>

namespace qnn_host {
namespace {

Fault invalid(const Tensor& tensor, const std::string& problem) {
  return {QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM, "tensor " + tensor.name + ": " + problem};
}

Fault unsupported(const Tensor& tensor, const std::string& problem) {
  return {QNN_TENSOR_ERROR_UNSUPPORTED_TENSOR_PARAM, "tensor " + tensor.name + ": " + problem};
}

Fault check_type(const Tensor& tensor) {
  switch (tensor.type) {
    case QNN_TENSOR_TYPE_APP_WRITE:
    case QNN_TENSOR_TYPE_APP_READ:
    case QNN_TENSOR_TYPE_NATIVE:
    case QNN_TENSOR_TYPE_STATIC:
      return {};
    case QNN_TENSOR_TYPE_APP_READWRITE:
    case QNN_TENSOR_TYPE_NULL:
    case QNN_TENSOR_TYPE_UPDATEABLE_STATIC:
    case QNN_TENSOR_TYPE_UPDATEABLE_NATIVE:
    case QNN_TENSOR_TYPE_UPDATEABLE_APP_WRITE:
    case QNN_TENSOR_TYPE_UPDATEABLE_APP_READ:
    case QNN_TENSOR_TYPE_UPDATEABLE_APP_READWRITE:
      return unsupported(tensor, "type " + std::to_string(tensor.type) +
                                     " is not supported; there are APP_WRITE (0), APP_READ (1), "
                                     "NATIVE (3) and STATIC (4)");
    default:
      return invalid(tensor, "unknown type " + std::to_string(tensor.type));
  }
}

/// What only version 2 has: dimensions that change from run to run are not computed.
Fault check_v2(const Qnn_TensorV2_t& source, const Tensor& tensor) {
  for (uint32_t i = 0; source.isDynamicDimensions != nullptr && i < source.rank; ++i) {
    if (source.isDynamicDimensions[i] != 0)
      return unsupported(tensor, "dimension " + std::to_string(i) + " is dynamic");
  }
  return {};
}

Fault read_dims(const Qnn_TensorV1_t& source, Tensor* tensor) {
  if (source.rank > kMaxRank)
    return unsupported(*tensor, "rank " + std::to_string(source.rank) + " is greater than " +
                                    std::to_string(kMaxRank));
  if (source.rank > 0 && source.dimensions == nullptr)
    return invalid(*tensor, "rank is " + std::to_string(source.rank) + ", dimensions are null");
  if (source.rank > 0) tensor->dims.assign(source.dimensions, source.dimensions + source.rank);
  // Each factor is checked before it is multiplied in, so that the product cannot wrap.
  uint64_t bytes = std::max(element_size(tensor->dtype), 1u);
  for (const uint32_t extent : tensor->dims) {
    if (extent == 0) return invalid(*tensor, "a dimension is 0");
    if (bytes > kMaxTensorBytes / extent) return unsupported(*tensor, "it is larger than 1 TiB");
    bytes *= extent;
  }
  return {};
}

}  // namespace

bool is_known_dtype(Qnn_DataType_t dtype) {
  switch (dtype) {
    case QNN_DATATYPE_FLOAT_16:
    case QNN_DATATYPE_FLOAT_32:
    case QNN_DATATYPE_INT_32:
    case QNN_DATATYPE_UINT_32:
    case QNN_DATATYPE_BOOL_8:
      return true;
    default:
      return is_fixed_point(dtype);
  }
}

Fault read_tensor(const Qnn_Tensor_t& source, bool named, Tensor* tensor) {
  if (Fault fault = read_declaration(source, named, tensor)) return fault;
  if (!is_fixed_point(tensor->dtype)) return {};
  if (Fault fault = read_encoding(source.v1.quantizeParams, tensor)) return fault;
  return check_encoding(*tensor);
}

Fault read_declaration(const Qnn_Tensor_t& source, bool named, Tensor* tensor) {
  const Qnn_TensorVersion_t version = sane(source.version);
  if (version != QNN_TENSOR_VERSION_1 && version != QNN_TENSOR_VERSION_2)
    return {QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM,
            "a tensor of version " + std::to_string(version) + ", known are 1 and 2"};
  const Qnn_TensorV1_t& v1 = source.v1;  // version 2 has the same fields at the same places
  tensor->name = v1.name != nullptr ? v1.name : "";
  tensor->id = v1.id;
  tensor->type = sane(v1.type);
  tensor->dtype = sane(v1.dataType);
  if (named && tensor->name.empty())
    return {QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM, "a tensor has no name"};
  if (const Fault fault = check_type(*tensor)) return fault;
  if (v1.dataFormat != QNN_TENSOR_DATA_FORMAT_DENSE)
    return unsupported(*tensor, "data format " + std::to_string(v1.dataFormat) +
                                    " is not supported; there is only 0 (DENSE)");
  if (!is_known_dtype(tensor->dtype)) {
    char code[16];
    snprintf(code, sizeof code, "0x%04x", static_cast<unsigned>(tensor->dtype));
    const std::string problem = std::string("data type ") + code +
                                " is not supported; there are float16, float32, int32, uint32, "
                                "bool8, signed fixed point of 4, 8, 16 and 32 bits and unsigned "
                                "of 8 and 16";
    return tensor->dtype == QNN_DATATYPE_UNDEFINED ? invalid(*tensor, problem)
                                                   : unsupported(*tensor, problem);
  }
  if (tensor->dtype == QNN_DATATYPE_SFIXED_POINT_4 && !tensor->is_static())
    return unsupported(*tensor, "packed elements of 4 bits are for STATIC tensors only");
  if (const Fault fault = read_dims(v1, tensor)) return fault;
  if (version == QNN_TENSOR_VERSION_2) return check_v2(source.v2, *tensor);
  return {};
}

Fault read_data(const Qnn_Tensor_t& source, const Tensor& tensor, const uint8_t** data) {
  const Qnn_TensorV1_t& v1 = source.v1;
  const Qnn_TensorMemType_t memory = sane(v1.memType);
  if (memory == QNN_TENSORMEMTYPE_MEMHANDLE)
    return unsupported(tensor, "memory handles are not supported, use QNN_TENSORMEMTYPE_RAW");
  if (memory != QNN_TENSORMEMTYPE_RAW)
    return invalid(tensor, "unknown memory type " + std::to_string(memory));
  if (v1.clientBuf.data == nullptr) return invalid(tensor, "its buffer is null");
  if (v1.clientBuf.dataSize != tensor.bytes())
    return invalid(tensor, "its buffer has " + std::to_string(v1.clientBuf.dataSize) +
                               " bytes, not " + std::to_string(tensor.bytes()));
  *data = static_cast<const uint8_t*>(v1.clientBuf.data);
  return {};
}

std::string describe(const Tensor& tensor) {
  std::string text = tensor.name + " " + dtype_name(tensor.dtype) + " [";
  for (size_t i = 0; i < tensor.dims.size(); ++i)
    text += (i > 0 ? "," : "") + std::to_string(tensor.dims[i]);
  return text + "]";
}

}  // namespace qnn_host
