#include "tensor_info.h"

namespace rwkv {

uint64_t TensorInfo::elements() const {
  uint64_t n = 1;
  for (const uint32_t d : dims) n *= d;
  return n;
}

uint64_t TensorInfo::bytes() const {
  return elements() * element_bytes(dtype);
}

std::string TensorInfo::describe() const {
  std::string text = data_type_name(dtype) + " [";
  for (size_t i = 0; i < dims.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(dims[i]);
  return text + "]";
}

Qnn_Tensor_t TensorInfo::bind(void* data) const {
  Qnn_Tensor_t tensor = QNN_TENSOR_INIT;
  tensor.version = QNN_TENSOR_VERSION_1;
  tensor.v1 = QNN_TENSOR_V1_INIT;
  tensor.v1.id = id;
  tensor.v1.name = name.c_str();
  tensor.v1.type = type;
  tensor.v1.dataFormat = format;
  tensor.v1.dataType = dtype;
  if (has_encoding) {
    tensor.v1.quantizeParams.encodingDefinition = QNN_DEFINITION_DEFINED;
    tensor.v1.quantizeParams.quantizationEncoding = QNN_QUANTIZATION_ENCODING_SCALE_OFFSET;
    tensor.v1.quantizeParams.scaleOffsetEncoding = {scale, offset};
  }
  tensor.v1.rank = static_cast<uint32_t>(dims.size());
  tensor.v1.dimensions = const_cast<uint32_t*>(dims.data());
  tensor.v1.memType = QNN_TENSORMEMTYPE_RAW;
  // dataSize is 32 bits wide: read_tensor_info refuses larger tensors.
  tensor.v1.clientBuf = {data, static_cast<uint32_t>(bytes())};
  return tensor;
}

Result<TensorInfo> read_tensor_info(const Qnn_Tensor_t& tensor) {
  if (tensor.version != QNN_TENSOR_VERSION_1 && tensor.version != QNN_TENSOR_VERSION_2) {
    return internal_error(
        "tensor/version",
        "a graph tensor of version " + std::to_string(tensor.version) + ", known are 1 and 2");
  }
  const Qnn_TensorV1_t& v1 = tensor.v1;  // version 2 has the same fields at the same places
  TensorInfo info;
  info.name = v1.name != nullptr ? v1.name : "";
  info.id = v1.id;
  info.type = v1.type;
  info.format = v1.dataFormat;
  info.dtype = v1.dataType;
  if (v1.rank > 0 && v1.dimensions != nullptr)
    info.dims.assign(v1.dimensions, v1.dimensions + v1.rank);
  const Qnn_QuantizeParams_t& encoding = v1.quantizeParams;
  if (encoding.encodingDefinition == QNN_DEFINITION_DEFINED &&
      encoding.quantizationEncoding == QNN_QUANTIZATION_ENCODING_SCALE_OFFSET) {
    info.has_encoding = true;
    info.scale = encoding.scaleOffsetEncoding.scale;
    info.offset = encoding.scaleOffsetEncoding.offset;
  }
  if (encoding.encodingDefinition == QNN_DEFINITION_DEFINED &&
      encoding.quantizationEncoding == QNN_QUANTIZATION_ENCODING_BW_SCALE_OFFSET) {
    info.has_encoding = true;
    info.scale = encoding.bwScaleOffsetEncoding.scale;
    info.offset = encoding.bwScaleOffsetEncoding.offset;
  }
  if (element_bytes(info.dtype) == 0) {
    return input_error("tensor/type", "graph tensor " + info.name + " has the type " +
                                          data_type_name(info.dtype) +
                                          ", which cannot be read or written");
  }
  // Each factor is checked before it is multiplied in, so that the product cannot wrap.
  uint64_t bytes = element_bytes(info.dtype);
  for (const uint32_t d : info.dims) {
    if (d == 0 || bytes > UINT32_MAX / d) {
      return input_error("tensor/shape", "graph tensor " + info.name + " of " + info.describe() +
                                             " is empty or larger than 4 GiB");
    }
    bytes *= d;
  }
  return info;
}

Result<std::vector<TensorInfo>> read_tensor_infos(const Qnn_Tensor_t* tensors, uint32_t count) {
  std::vector<TensorInfo> infos;
  for (uint32_t i = 0; tensors != nullptr && i < count; ++i) {
    RWKV_ASSIGN(TensorInfo info, read_tensor_info(tensors[i]));
    infos.push_back(std::move(info));
  }
  return infos;
}

uint32_t element_bytes(Qnn_DataType_t dtype) {
  switch (dtype) {
    case QNN_DATATYPE_INT_8:
    case QNN_DATATYPE_UINT_8:
    case QNN_DATATYPE_SFIXED_POINT_8:
    case QNN_DATATYPE_UFIXED_POINT_8:
    case QNN_DATATYPE_BOOL_8:
      return 1;
    case QNN_DATATYPE_INT_16:
    case QNN_DATATYPE_UINT_16:
    case QNN_DATATYPE_SFIXED_POINT_16:
    case QNN_DATATYPE_UFIXED_POINT_16:
    case QNN_DATATYPE_FLOAT_16:
      return 2;
    case QNN_DATATYPE_INT_32:
    case QNN_DATATYPE_UINT_32:
    case QNN_DATATYPE_SFIXED_POINT_32:
    case QNN_DATATYPE_UFIXED_POINT_32:
    case QNN_DATATYPE_FLOAT_32:
      return 4;
    case QNN_DATATYPE_INT_64:
    case QNN_DATATYPE_UINT_64:
    case QNN_DATATYPE_FLOAT_64:
      return 8;
    default:
      return 0;
  }
}

std::string data_type_name(Qnn_DataType_t dtype) {
  // The type's number is its family in the high byte and, in decimal read as hexadecimal, its bits
  // below: 0x0216 is float16.
  const uint32_t number = static_cast<uint32_t>(dtype);
  const uint32_t bits = (number >> 4 & 15) * 10 + (number & 15);
  static constexpr const char* kFamilies[] = {"int", "uint", "float", "sfixed", "ufixed", "bool"};
  if (number >> 8 < 6) return kFamilies[number >> 8] + std::to_string(bits);
  return "type " + std::to_string(number);
}

bool same_dtype(Dtype manifest, Qnn_DataType_t qnn) {
  switch (manifest) {
    case Dtype::kFloat16:
      return qnn == QNN_DATATYPE_FLOAT_16;
    case Dtype::kFloat32:
      return qnn == QNN_DATATYPE_FLOAT_32;
    case Dtype::kInt32:
      return qnn == QNN_DATATYPE_INT_32 || qnn == QNN_DATATYPE_UINT_32;
    case Dtype::kUint16:
      return qnn == QNN_DATATYPE_UINT_16 || qnn == QNN_DATATYPE_UFIXED_POINT_16;
  }
  return false;
}

}  // namespace rwkv
