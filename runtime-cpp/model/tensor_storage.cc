#include "tensor_storage.h"

#include <string.h>

namespace rwkvc {
namespace {

constexpr uint64_t kScaleAlignment = 64;

uint64_t scales_at(const Type& type) {
  return (value_bytes(type) + kScaleAlignment - 1) / kScaleAlignment * kScaleAlignment;
}

uint64_t scale_bytes(const Type& type) {
  const uint64_t channels = type.dims[0];
  switch (type.scales) {
    case Scales::kStored:
      return sizeof(Grid);
    case Scales::kChannels:
      return 2 * channels;
    case Scales::kBlocks:
      return 2 * channels + channels * (type.dims[1] / type.block);
    default:
      return 0;
  }
}

float bfloat16(const uint8_t* bits) {
  uint16_t half;
  memcpy(&half, bits, sizeof half);
  const uint32_t whole = static_cast<uint32_t>(half) << 16;
  float value;
  memcpy(&value, &whole, sizeof value);
  return value;
}

bool describe_channel_scales(const Type& type, const uint8_t* stored, Arena& arena,
                             Qnn_QuantizeParams_t* params) {
  const uint32_t channels = type.dims[0];
  auto* scales = arena.array<float>(channels);
  auto* pairs = arena.array<Qnn_ScaleOffset_t>(channels);
  if (scales == nullptr || pairs == nullptr) return false;
  for (uint32_t i = 0; i < channels; ++i) {
    scales[i] = bfloat16(stored + 2 * i);
    pairs[i] = {scales[i], 0};
  }
  if (type.scales == Scales::kBlocks) {
    auto* expansion = arena.array<Qnn_BlockwiseExpansion_t>(1);
    if (expansion == nullptr) return false;
    expansion->axis = 0;
    expansion->scaleOffsets = pairs;
    expansion->numBlocksPerAxis = type.dims[1] / type.block;
    expansion->blockScaleBitwidth = 4;
    expansion->blockScaleStorageType = QNN_BLOCKWISE_EXPANSION_BITWIDTH_SCALE_STORAGE_8;
    expansion->blocksScale8 = const_cast<uint8_t*>(stored) + 2 * channels;
    params->quantizationEncoding = QNN_QUANTIZATION_ENCODING_BLOCKWISE_EXPANSION;
    params->blockwiseExpansion = expansion;
  } else if (type.dtype == QNN_DATATYPE_SFIXED_POINT_4) {
    auto* offsets = arena.array<int32_t>(channels);
    if (offsets == nullptr) return false;
    params->quantizationEncoding = QNN_QUANTIZATION_ENCODING_BW_AXIS_SCALE_OFFSET;
    params->bwAxisScaleOffsetEncoding = {4, 0, channels, scales, offsets};
  } else {
    params->quantizationEncoding = QNN_QUANTIZATION_ENCODING_AXIS_SCALE_OFFSET;
    params->axisScaleOffsetEncoding = {0, channels, pairs};
  }
  return true;
}

}  // namespace

uint64_t elements_of(const Type& type) {
  uint64_t count = 1;
  for (uint32_t i = 0; i < type.rank; ++i) count *= type.dims[i];
  return count;
}

uint64_t value_bytes(const Type& type) {
  const uint64_t count = elements_of(type);
  switch (type.dtype) {
    case QNN_DATATYPE_SFIXED_POINT_4:
      return (count + 1) / 2;
    case QNN_DATATYPE_BOOL_8:
    case QNN_DATATYPE_SFIXED_POINT_8:
      return count;
    case QNN_DATATYPE_FLOAT_16:
    case QNN_DATATYPE_UFIXED_POINT_16:
    case QNN_DATATYPE_SFIXED_POINT_16:
      return 2 * count;
    default:
      return 4 * count;
  }
}

uint64_t stored_bytes(const Type& type) {
  const uint64_t scales = scale_bytes(type);
  return scales == 0 ? value_bytes(type) : scales_at(type) + scales;
}

const char* dtype_name(Qnn_DataType_t dtype) {
  switch (dtype) {
    case QNN_DATATYPE_FLOAT_16:
      return "f16";
    case QNN_DATATYPE_FLOAT_32:
      return "f32";
    case QNN_DATATYPE_INT_32:
      return "i32";
    case QNN_DATATYPE_UINT_32:
      return "u32";
    case QNN_DATATYPE_BOOL_8:
      return "bool8";
    case QNN_DATATYPE_UFIXED_POINT_16:
      return "uq16";
    case QNN_DATATYPE_SFIXED_POINT_16:
      return "sq16";
    case QNN_DATATYPE_SFIXED_POINT_32:
      return "sq32";
    case QNN_DATATYPE_SFIXED_POINT_8:
      return "sq8";
    case QNN_DATATYPE_SFIXED_POINT_4:
      return "sq4";
    default:
      return "?";
  }
}

bool describe_scales(const Type& type, const void* values, Arena& arena,
                     Qnn_QuantizeParams_t* params) {
  if (type.scales == Scales::kNone) return true;
  params->encodingDefinition = QNN_DEFINITION_DEFINED;
  const uint8_t* stored = type.scales == Scales::kGrid
                              ? nullptr
                              : static_cast<const uint8_t*>(values) + scales_at(type);
  if (type.scales == Scales::kChannels || type.scales == Scales::kBlocks)
    return describe_channel_scales(type, stored, arena, params);
  Grid grid = type.grid;
  if (stored != nullptr) memcpy(&grid, stored, sizeof grid);
  params->quantizationEncoding = QNN_QUANTIZATION_ENCODING_SCALE_OFFSET;
  params->scaleOffsetEncoding = {grid.scale, grid.offset};
  return true;
}

const void* unpacked_values(const Type& type, const void* values, Arena& arena) {
  const uint64_t count = elements_of(type);
  auto* cells = arena.array<int8_t>(count);
  if (cells == nullptr) return nullptr;
  const auto* pairs = static_cast<const uint8_t*>(values);
  for (uint64_t i = 0; i < count; ++i) {
    const int value = pairs[i / 2] >> (i % 2 * 4) & 15;
    cells[i] = static_cast<int8_t>(value < 8 ? value : value - 16);
  }
  return cells;
}

}  // namespace rwkvc
