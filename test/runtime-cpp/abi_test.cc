// The QNN headers against the ABI facts: every size, alignment, offset, type, number, text and slot
// that they declare. The rows are generated from facts/ by generate_abi_assertions.py; a row that
// fails names its declaration, the fact and what the compiler made of it.
//
// Then the records of runtime-cpp/src/htp_config.h against the layouts of all HTP generations.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "abi_headers.inc"
#include "htp_config.h"

namespace {

struct Row {
  const char* name;
  long long actual;
  long long fact;
};

void expect_all(const std::vector<Row>& rows, size_t at_least) {
  EXPECT_GE(rows.size(), at_least) << "rows got lost on the way from the facts";
  for (const Row& row : rows) EXPECT_EQ(row.actual, row.fact) << row.name;
}

template <typename Type>
struct Fact {
  using type = Type;
};

#define ABI_STRUCT(...)
#define ABI_FIELD(...)
#define ABI_SLOT(...)
#define ABI_ENUM(...)
#define ABI_VALUE(...)
#define ABI_TEXT(...)
#define ABI_TYPE(...)
#define ABI_FUNCTION(...)
#define ABI_INIT(...)

TEST(Abi, StructSizesAndAlignments) {
  expect_all(
      {
#undef ABI_STRUCT
#define ABI_STRUCT(name, size, align) \
  {"sizeof " #name, sizeof(name), size}, {"alignof " #name, alignof(name), align},
#include "abi_rows.inc"
#undef ABI_STRUCT
#define ABI_STRUCT(...)
      },
      2 * 95);
}

TEST(Abi, FieldOffsetsSizesAndTypes) {
  expect_all(
      {
#undef ABI_FIELD
#define ABI_FIELD(name, field, offset, size, ...)                  \
  {"offset of " #name "::" #field, offsetof(name, field), offset}, \
      {"sizeof " #name "::" #field, sizeof(name::field), size},    \
      {"type of " #name "::" #field " is " #__VA_ARGS__,           \
       std::is_same_v<decltype(name::field), Fact<__VA_ARGS__>::type>, 1},
#include "abi_rows.inc"
#undef ABI_FIELD
#define ABI_FIELD(...)
      },
      3 * 502);
}

TEST(Abi, InterfaceSlots) {
  expect_all(
      {
#undef ABI_SLOT
#define ABI_SLOT(table, slot, index) \
  {#table "::" #slot, offsetof(table, slot) / sizeof(void*), index},
#include "abi_rows.inc"
#undef ABI_SLOT
#define ABI_SLOT(...)
      },
      62 + 4);
  EXPECT_EQ(sizeof(QNN_INTERFACE_VER_TYPE), 62 * sizeof(void*));
  EXPECT_EQ(sizeof(QNN_SYSTEM_INTERFACE_VER_TYPE), 4 * sizeof(void*));
  EXPECT_TRUE(
      (std::is_same_v<decltype(QnnInterface_t::QNN_INTERFACE_VER_NAME), QNN_INTERFACE_VER_TYPE>));
  EXPECT_TRUE((std::is_same_v<decltype(QnnSystemInterface_t::QNN_SYSTEM_INTERFACE_VER_NAME),
                              QNN_SYSTEM_INTERFACE_VER_TYPE>));
}

TEST(Abi, EnumSizes) {
  expect_all(
      {
#undef ABI_ENUM
#define ABI_ENUM(name, size) {"sizeof " #name, std::is_enum_v<name> ? sizeof(name) : 0, size},
#include "abi_rows.inc"
#undef ABI_ENUM
#define ABI_ENUM(...)
      },
      76);
}

TEST(Abi, EnumeratorsAndIntegerConstants) {
  expect_all(
      {
#undef ABI_VALUE
#define ABI_VALUE(name, value) {#name, static_cast<long long>(name), value##LL},
#include "abi_rows.inc"
#undef ABI_VALUE
#define ABI_VALUE(...)
      },
      800);
}

TEST(Abi, Texts) {
  size_t count = 0;
#undef ABI_TEXT
#define ABI_TEXT(name, text) \
  EXPECT_STREQ(name, text);  \
  ++count;
#include "abi_rows.inc"
#undef ABI_TEXT
#define ABI_TEXT(...)
  EXPECT_GE(count, 195u);
}

TEST(Abi, TypedefsAndSignatures) {
  expect_all(
      {
#undef ABI_TYPE
#undef ABI_FUNCTION
#define ABI_TYPE(name, ...) \
  {#name " is " #__VA_ARGS__, std::is_same_v<name, Fact<__VA_ARGS__>::type>, 1},
#define ABI_FUNCTION(name, ...) \
  {#name " is " #__VA_ARGS__, std::is_same_v<decltype(&name), Fact<__VA_ARGS__>::type>, 1},
#include "abi_rows.inc"
#undef ABI_TYPE
#undef ABI_FUNCTION
#define ABI_TYPE(...)
#define ABI_FUNCTION(...)
      },
      129 + 70);
}

TEST(Abi, InitializersMatchTheirStructs) {
  size_t count = 0;
#undef ABI_INIT
#define ABI_INIT(name, init)                    \
  {                                             \
    [[maybe_unused]] const name initial = init; \
    ++count;                                    \
  }
#include "abi_rows.inc"
  EXPECT_GE(count, 60u);

  const Qnn_Tensor_t tensor = QNN_TENSOR_INIT;
  EXPECT_EQ(tensor.version, QNN_TENSOR_VERSION_1);
  EXPECT_EQ(tensor.v1.memType, QNN_TENSORMEMTYPE_UNDEFINED);
  EXPECT_EQ(tensor.v1.quantizeParams.encodingDefinition, QNN_DEFINITION_UNDEFINED);
  const Qnn_ApiVersion_t version = QNN_API_VERSION_INIT;
  EXPECT_EQ(version.coreApiVersion.minor, 18u);
}

// What the headers promise about layouts that share a prefix.

TEST(Abi, TensorV2KeepsTheOffsetsOfV1) {
  EXPECT_EQ(offsetof(Qnn_Tensor_t, v1), offsetof(Qnn_Tensor_t, v2));
#define SAME_OFFSET(a, b, field) EXPECT_EQ(offsetof(a, field), offsetof(b, field)) << #field
  SAME_OFFSET(Qnn_TensorV1_t, Qnn_TensorV2_t, id);
  SAME_OFFSET(Qnn_TensorV1_t, Qnn_TensorV2_t, name);
  SAME_OFFSET(Qnn_TensorV1_t, Qnn_TensorV2_t, type);
  SAME_OFFSET(Qnn_TensorV1_t, Qnn_TensorV2_t, dataFormat);
  SAME_OFFSET(Qnn_TensorV1_t, Qnn_TensorV2_t, dataType);
  SAME_OFFSET(Qnn_TensorV1_t, Qnn_TensorV2_t, quantizeParams);
  SAME_OFFSET(Qnn_TensorV1_t, Qnn_TensorV2_t, rank);
  SAME_OFFSET(Qnn_TensorV1_t, Qnn_TensorV2_t, dimensions);
  SAME_OFFSET(Qnn_TensorV1_t, Qnn_TensorV2_t, memType);
  SAME_OFFSET(Qnn_TensorV1_t, Qnn_TensorV2_t, clientBuf);
  SAME_OFFSET(Qnn_TensorV1_t, Qnn_TensorV2_t, memHandle);
}

TEST(Abi, GraphInfoFormsShareTheirPrefix) {
  SAME_OFFSET(GraphInfo_t, GraphInfoShort_t, graph);
  SAME_OFFSET(GraphInfo_t, GraphInfoShort_t, graphName);
  SAME_OFFSET(GraphInfo_t, GraphInfoShort_t, inputTensors);
  SAME_OFFSET(GraphInfo_t, GraphInfoShort_t, numInputTensors);
  SAME_OFFSET(GraphInfo_t, GraphInfoShort_t, outputTensors);
  SAME_OFFSET(GraphInfo_t, GraphInfoShort_t, numOutputTensors);
  EXPECT_EQ(sizeof(GraphInfo_t), 64u);
  EXPECT_EQ(sizeof(GraphInfoShort_t), 48u);
}

TEST(Abi, BinaryInfoV3LeavesTheOthersAfterSocVersion) {
  SAME_OFFSET(QnnSystemContext_BinaryInfoV1_t, QnnSystemContext_BinaryInfoV3_t, buildId);
  SAME_OFFSET(QnnSystemContext_BinaryInfoV1_t, QnnSystemContext_BinaryInfoV3_t, coreApiVersion);
  SAME_OFFSET(QnnSystemContext_BinaryInfoV1_t, QnnSystemContext_BinaryInfoV3_t, backendApiVersion);
  SAME_OFFSET(QnnSystemContext_BinaryInfoV1_t, QnnSystemContext_BinaryInfoV3_t, socVersion);
  EXPECT_NE(offsetof(QnnSystemContext_BinaryInfoV1_t, numGraphs),
            offsetof(QnnSystemContext_BinaryInfoV3_t, numGraphs));
  // An HTP graph blob of 112 bytes is a V1 record with a V2 record behind it.
  EXPECT_EQ(
      sizeof(QnnHtpSystemContext_GraphBlobInfo_t) + sizeof(QnnHtpSystemContext_GraphBlobInfoV2_t),
      112u);
}

// ------------------------------------------------------------------------------------ htp_config.h

template <typename Value, typename Record>
Value read(const Record& record, size_t offset) {
  Value value;
  EXPECT_LE(offset + sizeof value, sizeof record.bytes);
  std::memcpy(&value, record.bytes + offset, sizeof value);
  return value;
}

template <typename Record>
size_t nonzero_bytes_from(const Record& record, size_t offset) {
  size_t count = 0;
  for (size_t i = offset; i < sizeof record.bytes; ++i) count += record.bytes[i] != 0;
  return count;
}

#define HTP_DEVICE_LAYOUT(...)
#define HTP_RECORD(...)
#define HTP_OPTION(...)

TEST(HtpConfig, SocIsReadInBothDeviceLayouts) {
  const rwkv::HtpDeviceConfig record = rwkv::htp_soc_config(0x01020304);
  size_t layouts = 0;
#undef HTP_DEVICE_LAYOUT
#define HTP_DEVICE_LAYOUT(size, align, option, soc)      \
  EXPECT_GE(sizeof record, size##u);                     \
  EXPECT_EQ(alignof(rwkv::HtpDeviceConfig) % align, 0u); \
  EXPECT_EQ(read<uint32_t>(record, option), 0u);         \
  EXPECT_EQ(read<uint32_t>(record, soc), 0x01020304u);   \
  ++layouts;
#include "htp_rows.inc"
#undef HTP_DEVICE_LAYOUT
#define HTP_DEVICE_LAYOUT(...)
  EXPECT_EQ(layouts, 2u);
  EXPECT_EQ(nonzero_bytes_from(record, 12), 0u);
}

TEST(HtpConfig, RecordsHoldEveryGeneration) {
  const rwkv::HtpGraphConfig graph =
      rwkv::htp_hvx_threads_config(0x0102030405060708);  // fills the payload
  const rwkv::HtpContextConfig context = rwkv::htp_weight_sharing_config(true);
  size_t records = 0;
#undef HTP_RECORD
#define HTP_RECORD(part, size, option, payload)         \
  EXPECT_GE(sizeof part, size##u);                      \
  EXPECT_NE(read<uint32_t>(part, option), 0u) << #part; \
  EXPECT_EQ(read<uint32_t>(part, 4), 0u) << #part;      \
  EXPECT_NE(read<uint8_t>(part, payload), 0u) << #part; \
  ++records;
#include "htp_rows.inc"
#undef HTP_RECORD
#define HTP_RECORD(...)
  EXPECT_EQ(records, 3u);
  EXPECT_EQ(nonzero_bytes_from(graph, 16), 0u);
  EXPECT_EQ(nonzero_bytes_from(context, 9), 0u);
}

// Option numbers by name, so that the facts decide them.
struct Option {
  std::string name;
  uint32_t value;
  uint32_t since_minor;
};

const Option& option(const std::string& name) {
  static const std::vector<Option> options = {
#undef HTP_OPTION
#define HTP_OPTION(part, name, value, minor) {#part "." #name, value, minor},
#include "htp_rows.inc"
#undef HTP_OPTION
  };
  for (const Option& candidate : options) {
    if (candidate.name == name) return candidate;
  }
  ADD_FAILURE() << "no fact for " << name;
  return options.front();
}

TEST(HtpConfig, OptionNumbersAndPayloads) {
  EXPECT_EQ(rwkv::kHtpDeviceSoc, option("device.SOC").value);

  const auto level = rwkv::htp_optimization_config(rwkv::kHtpOptimizationLevel, 3.0f);
  EXPECT_EQ(read<uint32_t>(level, 0), option("graph.OPTIMIZATION").value);
  EXPECT_EQ(read<uint32_t>(level, 8), option("optimization.FINALIZE_OPTIMIZATION_FLAG").value);
  EXPECT_EQ(read<float>(level, 12), 3.0f);
  EXPECT_EQ(rwkv::kHtpOptimizationDlbc, option("optimization.ENABLE_DLBC").value);
  EXPECT_EQ(rwkv::kHtpOptimizationDlbcWeights, option("optimization.ENABLE_DLBC_WEIGHTS").value);

  const auto precision = rwkv::htp_precision_config(QNN_PRECISION_FLOAT16);
  EXPECT_EQ(read<uint32_t>(precision, 0), option("graph.PRECISION").value);
  EXPECT_EQ(read<uint32_t>(precision, 8), static_cast<uint32_t>(QNN_PRECISION_FLOAT16));

  const auto vtcm = rwkv::htp_vtcm_config(8);
  EXPECT_EQ(read<uint32_t>(vtcm, 0), option("graph.VTCM_SIZE_IN_MB").value);
  EXPECT_EQ(read<uint32_t>(vtcm, 8), 8u);

  const auto threads = rwkv::htp_hvx_threads_config(6);
  EXPECT_EQ(read<uint32_t>(threads, 0), option("graph.NUM_HVX_THREADS").value);
  EXPECT_EQ(read<uint64_t>(threads, 8), 6u);

  const auto sigmoid = rwkv::htp_high_precision_sigmoid_config(true);
  EXPECT_EQ(read<uint32_t>(sigmoid, 0), option("graph.HIGH_PRECISION_SIGMOID").value);
  EXPECT_EQ(read<uint8_t>(sigmoid, 8), 1u);
  EXPECT_EQ(rwkv::kHtpHighPrecisionSigmoidMinor,
            option("graph.HIGH_PRECISION_SIGMOID").since_minor);

  const auto sharing = rwkv::htp_weight_sharing_config(true);
  EXPECT_EQ(read<uint32_t>(sharing, 0), option("context.WEIGHT_SHARING_ENABLED").value);
  EXPECT_EQ(read<uint8_t>(sharing, 8), 1u);

  EXPECT_EQ(rwkv::kHtpEventEstimatedMicroseconds, option("event.estimated_us").value);
  EXPECT_EQ(rwkv::kHtpEventEstimatedMicrosecondsLower, option("event.estimated_us_lower").value);
  EXPECT_EQ(rwkv::kHtpEventEstimatedMicrosecondsUpper, option("event.estimated_us_upper").value);
}

// A record read through the struct of this generation gives the same values.
TEST(HtpConfig, AgreesWithTheStructsOfThisGeneration) {
  const auto record = rwkv::htp_optimization_config(rwkv::kHtpOptimizationDlbc, 1.0f);
  QnnHtpGraph_CustomConfig_t config;
  std::memcpy(&config, record.bytes, sizeof config);
  EXPECT_EQ(config.option, QNN_HTP_GRAPH_CONFIG_OPTION_OPTIMIZATION);
  EXPECT_EQ(config.optimizationOption.type, QNN_HTP_GRAPH_OPTIMIZATION_TYPE_ENABLE_DLBC);
  EXPECT_EQ(config.optimizationOption.floatValue, 1.0f);

  const auto sharing = rwkv::htp_weight_sharing_config(true);
  QnnHtpContext_CustomConfig_t context;
  std::memcpy(&context, sharing.bytes, sizeof context);
  EXPECT_EQ(context.option, QNN_HTP_CONTEXT_CONFIG_OPTION_WEIGHT_SHARING_ENABLED);
  EXPECT_TRUE(context.weightSharingEnabled);

  const auto soc = rwkv::htp_soc_config(57);
  QnnHtpDevice_CustomConfig_t device;
  std::memcpy(&device, soc.bytes, sizeof device);
  EXPECT_EQ(device.option, QNN_HTP_DEVICE_CONFIG_OPTION_SOC);
  EXPECT_EQ(device.socModel, 57u);
}

TEST(HtpConfig, CoreConfigsPointToTheirRecord) {
  rwkv::HtpDeviceConfig device = rwkv::htp_soc_config(57);
  EXPECT_EQ(rwkv::as_device_config(device).option, QNN_DEVICE_CONFIG_OPTION_CUSTOM);
  EXPECT_EQ(rwkv::as_device_config(device).customConfig, device.bytes);
  rwkv::HtpGraphConfig graph = rwkv::htp_vtcm_config(0);
  EXPECT_EQ(rwkv::as_graph_config(graph).option, QNN_GRAPH_CONFIG_OPTION_CUSTOM);
  EXPECT_EQ(rwkv::as_graph_config(graph).customConfig, graph.bytes);
  rwkv::HtpContextConfig context = rwkv::htp_weight_sharing_config(false);
  EXPECT_EQ(rwkv::as_context_config(context).option, QNN_CONTEXT_CONFIG_OPTION_CUSTOM);
  EXPECT_EQ(rwkv::as_context_config(context).customConfig, context.bytes);
}

}  // namespace
