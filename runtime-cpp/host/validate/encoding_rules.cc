#include "encoding_rules.h"

#include <cmath>

#include "QnnTensor.h"
#include "sane_enum.h"

namespace qnn_host {
namespace {

/// Of a block's scale: 4-bit values times it stay within 8 bits.
constexpr uint32_t kMostBlockScale = 16;

Fault invalid(const Tensor& tensor, const std::string& problem) {
  return {QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM,
          "tensor " + tensor.name + ": its encoding " + problem};
}

Fault unsupported(const Tensor& tensor, const std::string& problem) {
  return {QNN_TENSOR_ERROR_UNSUPPORTED_TENSOR_PARAM,
          "tensor " + tensor.name + ": its encoding " + problem};
}

/// Extent of the axis that an encoding names, when `count` is it too.
Fault read_axis(int32_t axis, uint32_t count, Tensor* tensor) {
  if (axis < 0 || static_cast<size_t>(axis) >= tensor->dims.size())
    return invalid(*tensor, "names axis " + std::to_string(axis) + " of a tensor of rank " +
                                std::to_string(tensor->dims.size()));
  tensor->encoding.axis = static_cast<uint32_t>(axis);
  const uint32_t extent = tensor->dims[tensor->encoding.axis];
  if (count == extent) return {};
  return invalid(*tensor, "has " + std::to_string(count) + " scales, axis " + std::to_string(axis) +
                              " has an extent of " + std::to_string(extent));
}

Fault read_scale_offsets(const Qnn_ScaleOffset_t* from, uint32_t count, Tensor* tensor) {
  if (from == nullptr) return invalid(*tensor, "has scales that are null");
  for (uint32_t i = 0; i < count; ++i) {
    tensor->encoding.scales.push_back(from[i].scale);
    tensor->encoding.offsets.push_back(from[i].offset);
  }
  return {};
}

Fault read_bw_axis(const Qnn_BwAxisScaleOffset_t& from, Tensor* tensor) {
  Encoding& to = tensor->encoding;
  to.bitwidth = from.bitwidth;
  if (Fault fault = read_axis(from.axis, from.numElements, tensor)) return fault;
  if (from.scales == nullptr) return invalid(*tensor, "has scales that are null");
  to.scales.assign(from.scales, from.scales + from.numElements);
  to.offsets.resize(from.numElements, 0);
  if (from.offsets != nullptr) to.offsets.assign(from.offsets, from.offsets + from.numElements);
  return {};
}

Fault read_blockwise(const Qnn_BlockwiseExpansion_t* from, Tensor* tensor) {
  if (from == nullptr) return invalid(*tensor, "is null");
  Encoding& to = tensor->encoding;
  if (from->axis != 0 || tensor->dims.size() < 2)
    return unsupported(*tensor, "has blocks of axis " + std::to_string(from->axis) + " of rank " +
                                    std::to_string(tensor->dims.size()) +
                                    "; there are only those of axis 0 of rank 2 or more");
  if (sane(from->blockScaleStorageType) != QNN_BLOCKWISE_EXPANSION_BITWIDTH_SCALE_STORAGE_8)
    return unsupported(*tensor, "has block scales that are not of 8 bits");
  if (from->numBlocksPerAxis == 0 || tensor->dims[1] % from->numBlocksPerAxis != 0)
    return invalid(*tensor, "has " + std::to_string(from->numBlocksPerAxis) +
                                " blocks, which do not divide the extent of axis 1, " +
                                std::to_string(tensor->dims[1]));
  to.bitwidth = from->blockScaleBitwidth;
  to.blocks = from->numBlocksPerAxis;
  if (from->blocksScale8 == nullptr) return invalid(*tensor, "has block scales that are null");
  const uint64_t slices = tensor->dims[0];
  to.block_scales.assign(from->blocksScale8, from->blocksScale8 + slices * to.blocks);
  return read_scale_offsets(from->scaleOffsets, tensor->dims[0], tensor);
}

std::string text_of(float value) {
  char text[32];
  snprintf(text, sizeof text, "%g", static_cast<double>(value));
  return text;
}

/// A scale of 0 has a meaning where biases are: the units of the products.
bool is_scale(float scale, Qnn_DataType_t dtype) {
  if (dtype == QNN_DATATYPE_SFIXED_POINT_32 && scale == 0.0f) return true;
  return std::isfinite(scale) && scale > 0.0f;
}

/// Zero is among the numbers of an unsigned type, and the middle of those of a signed one.
bool is_offset(int32_t offset, Qnn_DataType_t dtype) {
  if (dtype == QNN_DATATYPE_UFIXED_POINT_8) return offset >= -0xFF && offset <= 0;
  if (dtype == QNN_DATATYPE_UFIXED_POINT_16) return offset >= -0xFFFF && offset <= 0;
  return offset == 0;
}

Fault check_bitwidth(const Tensor& tensor) {
  const Encoding& encoding = tensor.encoding;
  const bool packed = tensor.dtype == QNN_DATATYPE_SFIXED_POINT_4;
  const bool blocks = encoding.kind == QNN_QUANTIZATION_ENCODING_BLOCKWISE_EXPANSION;
  const uint32_t width = encoding.bitwidth;
  if (width == 0 && !blocks && encoding.kind != QNN_QUANTIZATION_ENCODING_BW_SCALE_OFFSET &&
      encoding.kind != QNN_QUANTIZATION_ENCODING_BW_AXIS_SCALE_OFFSET)
    return {};
  if (!packed && element_size(tensor.dtype) != 1)
    return unsupported(tensor, std::string("has a bit width, which only types of 8 bits may have; "
                                           "the tensor is ") +
                                   dtype_name(tensor.dtype));
  const bool fits = width == 4 || (width == 8 && !packed && !blocks);
  if (fits) return {};
  return unsupported(tensor, "has a bit width of " + std::to_string(width) + ", " +
                                 (packed || blocks ? "4" : "4 or 8") + " was expected");
}

}  // namespace

Fault read_encoding(const Qnn_QuantizeParams_t& source, Tensor* tensor) {
  Encoding& to = tensor->encoding;
  to = {};
  if (sane(source.encodingDefinition) != QNN_DEFINITION_DEFINED)
    return invalid(*tensor, "is not defined (QNN_DEFINITION_DEFINED), which its type, " +
                                std::string(dtype_name(tensor->dtype)) + ", needs");
  to.kind = sane(source.quantizationEncoding);
  switch (to.kind) {
    case QNN_QUANTIZATION_ENCODING_SCALE_OFFSET:
      return read_scale_offsets(&source.scaleOffsetEncoding, 1, tensor);
    case QNN_QUANTIZATION_ENCODING_AXIS_SCALE_OFFSET: {
      const Qnn_AxisScaleOffset_t& from = source.axisScaleOffsetEncoding;
      if (Fault fault = read_axis(from.axis, from.numScaleOffsets, tensor)) return fault;
      return read_scale_offsets(from.scaleOffset, from.numScaleOffsets, tensor);
    }
    case QNN_QUANTIZATION_ENCODING_BW_SCALE_OFFSET:
      to.bitwidth = source.bwScaleOffsetEncoding.bitwidth;
      to.scales = {source.bwScaleOffsetEncoding.scale};
      to.offsets = {source.bwScaleOffsetEncoding.offset};
      return {};
    case QNN_QUANTIZATION_ENCODING_BW_AXIS_SCALE_OFFSET:
      return read_bw_axis(source.bwAxisScaleOffsetEncoding, tensor);
    case QNN_QUANTIZATION_ENCODING_BLOCKWISE_EXPANSION:
      return read_blockwise(source.blockwiseExpansion, tensor);
    default:
      return unsupported(*tensor, "is of kind " + std::to_string(to.kind) +
                                      "; there are 0 to 3 (scale and offset, for the tensor or an "
                                      "axis) and 5 (blockwise expansion)");
  }
}

Fault check_encoding(const Tensor& tensor) {
  const Encoding& encoding = tensor.encoding;
  if (encoding.kind > QNN_QUANTIZATION_ENCODING_BLOCKWISE_EXPANSION ||
      encoding.kind == QNN_QUANTIZATION_ENCODING_BLOCK)
    return unsupported(tensor, "is of kind " + std::to_string(encoding.kind));
  if (encoding.is_per_axis() && !tensor.is_static())
    return unsupported(tensor, "has a scale per slice, which only STATIC tensors may have");
  if (Fault fault = check_bitwidth(tensor)) return fault;
  const bool axis_fits = encoding.axis < tensor.dims.size() || !encoding.is_per_axis();
  const size_t slices = !encoding.is_per_axis() ? 1 : axis_fits ? tensor.dims[encoding.axis] : 0;
  if (encoding.scales.size() != slices || encoding.offsets.size() != slices)
    return invalid(tensor, "has " + std::to_string(encoding.scales.size()) + " scales and " +
                               std::to_string(encoding.offsets.size()) + " offsets, " +
                               std::to_string(slices) + " were expected");
  const bool blocks = encoding.kind == QNN_QUANTIZATION_ENCODING_BLOCKWISE_EXPANSION;
  for (size_t i = 0; i < slices; ++i) {
    if (!is_scale(encoding.scales[i], tensor.dtype))
      return invalid(tensor, "has a scale of " + text_of(encoding.scales[i]) +
                                 ", a finite number above 0 was expected");
    if (!is_offset(encoding.offsets[i], tensor.dtype))
      return invalid(tensor, "has an offset of " + std::to_string(encoding.offsets[i]) +
                                 "; of a signed type it is 0, of an unsigned one 0 or the negative "
                                 "of a stored value");
  }
  if (!blocks) return {};
  if (tensor.dims.size() < 2 || encoding.axis != 0 || encoding.blocks == 0 ||
      tensor.dims[1] % encoding.blocks != 0 ||
      encoding.block_scales.size() != slices * encoding.blocks)
    return invalid(tensor, "has blocks that do not fit the tensor");
  for (const uint8_t scale : encoding.block_scales) {
    if (scale == 0 || scale > kMostBlockScale)
      return invalid(tensor, "has a block scale of " + std::to_string(scale) + ", 1 to " +
                                 std::to_string(kMostBlockScale) + " was expected");
  }
  return {};
}

}  // namespace qnn_host
