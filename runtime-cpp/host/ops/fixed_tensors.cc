#include "fixed_tensors.h"

#include <cstring>

namespace qnn_host {
namespace {

template <typename T>
int32_t load(const uint8_t* data, uint64_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof value, sizeof value);
  return static_cast<int32_t>(value);
}

template <typename T>
void store(uint8_t* data, uint64_t index, int32_t stored) {
  const T value = static_cast<T>(stored);
  std::memcpy(data + index * sizeof value, &value, sizeof value);
}

}  // namespace

FixedCode code_of(const Tensor& tensor) {
  FixedCode code{static_cast<double>(tensor.encoding.scales[0]), tensor.encoding.offsets[0], 0, 0};
  switch (tensor.dtype) {
    case QNN_DATATYPE_UFIXED_POINT_8:
      code.greatest = 0xFF;
      break;
    case QNN_DATATYPE_UFIXED_POINT_16:
      code.greatest = 0xFFFF;
      break;
    case QNN_DATATYPE_SFIXED_POINT_16:
      code.least = INT16_MIN;
      code.greatest = INT16_MAX;
      break;
    case QNN_DATATYPE_SFIXED_POINT_32:
      code.least = INT32_MIN;
      code.greatest = INT32_MAX;
      break;
    default:
      code.least = tensor.encoding.bitwidth == 4 ? -8 : INT8_MIN;
      code.greatest = tensor.encoding.bitwidth == 4 ? 7 : INT8_MAX;
  }
  return code;
}

int32_t stored_at(const uint8_t* data, Qnn_DataType_t dtype, uint64_t index) {
  switch (dtype) {
    case QNN_DATATYPE_SFIXED_POINT_4: {
      const int32_t nibble = data[index / 2] >> (index % 2 * 4) & 15;
      return (nibble ^ 8) - 8;
    }
    case QNN_DATATYPE_UFIXED_POINT_8:
      return load<uint8_t>(data, index);
    case QNN_DATATYPE_SFIXED_POINT_16:
      return load<int16_t>(data, index);
    case QNN_DATATYPE_UFIXED_POINT_16:
      return load<uint16_t>(data, index);
    case QNN_DATATYPE_SFIXED_POINT_32:
      return load<int32_t>(data, index);
    default:
      return load<int8_t>(data, index);
  }
}

void put_stored(uint8_t* data, Qnn_DataType_t dtype, uint64_t index, int32_t stored) {
  switch (dtype) {
    case QNN_DATATYPE_SFIXED_POINT_16:
    case QNN_DATATYPE_UFIXED_POINT_16:
      return store<uint16_t>(data, index, stored);
    case QNN_DATATYPE_SFIXED_POINT_32:
      return store<int32_t>(data, index, stored);
    default:
      return store<uint8_t>(data, index, stored);
  }
}

std::string check_one_scale(const Tensor& tensor) {
  if (!is_fixed_point(tensor.dtype)) return "";
  if (!tensor.encoding.is_per_axis() && !tensor.encoding.scales.empty()) return "";
  return "tensor " + tensor.name + " has a scale per slice, one for all was expected";
}

std::string check_same_encoding(const Tensor& tensor, const Tensor& as) {
  if (!is_fixed_point(tensor.dtype) || tensor.encoding == as.encoding) return "";
  return "tensors " + tensor.name + " and " + as.name +
         " have different encodings: bits are copied, so that they must be equal";
}

std::string check_fixed_types(const Op& op) {
  const Tensor& as = *op.outputs[0];
  if (as.dtype != QNN_DATATYPE_UFIXED_POINT_16 && as.dtype != QNN_DATATYPE_SFIXED_POINT_16 &&
      as.dtype != QNN_DATATYPE_UFIXED_POINT_8 && as.dtype != QNN_DATATYPE_SFIXED_POINT_8)
    return "output " + as.name + " is " + dtype_name(as.dtype) +
           ", this op is computed for uq16, sq16, uq8 and sq8";
  std::string fault = check_one_scale(as);
  for (const Tensor* input : op.inputs) {
    if (fault.empty() && input->dtype != as.dtype)
      fault = "tensor " + input->name + " is " + dtype_name(input->dtype) + ", " + as.name +
              " is " + dtype_name(as.dtype) + ": they must be of one type";
    if (fault.empty()) fault = check_one_scale(*input);
  }
  return fault;
}

std::vector<double> static_values(const Tensor& tensor) {
  const FixedCode code = code_of(tensor);
  std::vector<double> values(tensor.elements());
  for (uint64_t i = 0; i < values.size(); ++i)
    values[i] = code.value(stored_at(tensor.data, tensor.dtype, i));
  return values;
}

}  // namespace qnn_host
