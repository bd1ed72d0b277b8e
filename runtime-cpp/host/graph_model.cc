#include "graph_model.h"

namespace qnn_host {

uint64_t Tensor::elements() const {
  uint64_t count = 1;
  for (const uint32_t extent : dims) count *= extent;
  return count;
}

uint64_t Tensor::bytes() const {
  if (dtype == QNN_DATATYPE_SFIXED_POINT_4) return (elements() + 1) / 2;
  return elements() * element_size(dtype);
}

uint32_t element_size(Qnn_DataType_t dtype) {
  switch (dtype) {
    case QNN_DATATYPE_BOOL_8:
    case QNN_DATATYPE_INT_8:
    case QNN_DATATYPE_UINT_8:
    case QNN_DATATYPE_SFIXED_POINT_8:
    case QNN_DATATYPE_UFIXED_POINT_8:
      return 1;
    case QNN_DATATYPE_FLOAT_16:
    case QNN_DATATYPE_INT_16:
    case QNN_DATATYPE_UINT_16:
    case QNN_DATATYPE_SFIXED_POINT_16:
    case QNN_DATATYPE_UFIXED_POINT_16:
      return 2;
    case QNN_DATATYPE_FLOAT_32:
    case QNN_DATATYPE_INT_32:
    case QNN_DATATYPE_UINT_32:
    case QNN_DATATYPE_SFIXED_POINT_32:
      return 4;
    default:
      return 0;
  }
}

const char* dtype_name(Qnn_DataType_t dtype) {
  switch (dtype) {
    case QNN_DATATYPE_BOOL_8:
      return "b8";
    case QNN_DATATYPE_INT_8:
      return "i8";
    case QNN_DATATYPE_UINT_8:
      return "u8";
    case QNN_DATATYPE_FLOAT_16:
      return "f16";
    case QNN_DATATYPE_INT_16:
      return "i16";
    case QNN_DATATYPE_UINT_16:
      return "u16";
    case QNN_DATATYPE_FLOAT_32:
      return "f32";
    case QNN_DATATYPE_INT_32:
      return "i32";
    case QNN_DATATYPE_UINT_32:
      return "u32";
    case QNN_DATATYPE_SFIXED_POINT_4:
      return "sq4";
    case QNN_DATATYPE_SFIXED_POINT_8:
      return "sq8";
    case QNN_DATATYPE_UFIXED_POINT_8:
      return "uq8";
    case QNN_DATATYPE_SFIXED_POINT_16:
      return "sq16";
    case QNN_DATATYPE_UFIXED_POINT_16:
      return "uq16";
    case QNN_DATATYPE_SFIXED_POINT_32:
      return "sq32";
    default:
      return "unknown";
  }
}

bool is_fixed_point(Qnn_DataType_t dtype) {
  switch (dtype) {
    case QNN_DATATYPE_SFIXED_POINT_4:
    case QNN_DATATYPE_SFIXED_POINT_8:
    case QNN_DATATYPE_UFIXED_POINT_8:
    case QNN_DATATYPE_SFIXED_POINT_16:
    case QNN_DATATYPE_UFIXED_POINT_16:
    case QNN_DATATYPE_SFIXED_POINT_32:
      return true;
    default:
      return false;
  }
}

const Param* Node::param(const char* param_name) const {
  for (const Param& param : params) {
    if (param.name == param_name) return &param;
  }
  return nullptr;
}

bool Node::flag(const char* param_name, bool otherwise) const {
  const Param* found = param(param_name);
  return found != nullptr && !found->bytes.empty() ? found->bytes[0] != 0 : otherwise;
}

uint32_t Node::u32(const char* param_name, uint32_t otherwise) const {
  const Param* found = param(param_name);
  if (found == nullptr || found->bytes.size() < sizeof otherwise) return otherwise;
  std::memcpy(&otherwise, found->bytes.data(), sizeof otherwise);
  return otherwise;
}

float Node::f32(const char* param_name, float otherwise) const {
  const Param* found = param(param_name);
  if (found == nullptr || found->bytes.size() < sizeof otherwise) return otherwise;
  std::memcpy(&otherwise, found->bytes.data(), sizeof otherwise);
  return otherwise;
}

std::vector<int32_t> Node::list(const char* param_name) const {
  const Param* found = param(param_name);
  std::vector<int32_t> values(found == nullptr ? 0 : found->bytes.size() / sizeof(int32_t));
  if (!values.empty())
    std::memcpy(values.data(), found->bytes.data(), values.size() * sizeof(int32_t));
  return values;
}

}  // namespace qnn_host
