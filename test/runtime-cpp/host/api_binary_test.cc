// Context binaries: what is written can be loaded and gives the same bits; what is damaged is
// refused.

#include <cstdlib>
#include <cstring>
#include <memory>

#include "api_client.h"

using namespace client;

namespace {

using Bytes = std::vector<uint8_t>;

class Binary : public SmallGraph {
 protected:
  Bytes binary() {
    Qnn_ContextBinarySize_t size = 0, written = 0;
    EXPECT_CODE(0, qnn().contextGetBinarySize(context_, &size)) << messages();
    Bytes bytes(size);
    EXPECT_CODE(0, qnn().contextGetBinary(context_, bytes.data(), size, &written)) << messages();
    EXPECT_EQ(size, written);
    return bytes;
  }
  uint64_t load(const Bytes& bytes, Qnn_ContextHandle_t* context,
                const QnnContext_Config_t** config = nullptr) {
    return qnn().contextCreateFromBinary(backend_, nullptr, config, bytes.data(), bytes.size(),
                                         context, nullptr) &
           0xFFFF;
  }
  uint64_t validate(const Bytes& bytes) {
    return qnn().contextValidateBinary(backend_, nullptr, nullptr, bytes.data(), bytes.size()) &
           0xFFFF;
  }
  /// Output of the graph of a loaded context, found by name.
  std::vector<float> run(Qnn_ContextHandle_t context, const char* name = "graph") {
    Qnn_GraphHandle_t graph = nullptr;
    EXPECT_CODE(0, qnn().graphRetrieve(context, name, &graph));
    std::vector<float> output(4);
    Qnn_Tensor_t y = y_;
    give(&y, output);
    EXPECT_CODE(0, qnn().graphExecute(graph, &x_, 1, &y, 1, nullptr, nullptr)) << messages();
    return output;
  }
};

TEST_F(Binary, ALoadedContextGivesTheSameBits) {
  finalize();
  ASSERT_OK(execute());
  const Bytes bytes = binary();
  EXPECT_EQ(0u, validate(bytes));
  Qnn_ContextHandle_t loaded = nullptr;
  ASSERT_EQ(0u, load(bytes, &loaded)) << messages();
  EXPECT_EQ(output_, run(loaded));
  EXPECT_CODE(0, qnn().contextFree(loaded, nullptr));
}

TEST_F(Binary, TheBufferNeedNotOutliveTheCall) {
  finalize();
  Bytes bytes = binary();
  Qnn_ContextHandle_t loaded = nullptr;
  ASSERT_EQ(0u, load(bytes, &loaded));
  std::fill(bytes.begin(), bytes.end(), 0);
  EXPECT_EQ(expected_, run(loaded));
  EXPECT_CODE(0, qnn().contextFree(loaded, nullptr));
}

TEST_F(Binary, APersistentBufferIsReadInPlace) {
  finalize();
  const Bytes bytes = binary();
  QnnContext_Config_t config = QNN_CONTEXT_CONFIG_INIT;
  config.option = QNN_CONTEXT_CONFIG_PERSISTENT_BINARY;
  config.isPersistentBinary = 1;
  const QnnContext_Config_t* configs[] = {&config, nullptr};
  Qnn_ContextHandle_t loaded = nullptr;
  ASSERT_EQ(0u, load(bytes, &loaded, configs));
  EXPECT_EQ(expected_, run(loaded));
  EXPECT_CODE(0, qnn().contextFree(loaded, nullptr));
}

TEST_F(Binary, APersistentBufferIsNotChanged) {
  // Weights of several pages: those of a file's mapping would be given back after packing.
  constexpr uint32_t kN = 256;
  const Qnn_GraphHandle_t graph = create_graph("large");
  Qnn_Tensor_t x = tensors_.make("x", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_FLOAT_32, {1, kN});
  Qnn_Tensor_t y = tensors_.make("y", QNN_TENSOR_TYPE_APP_READ, QNN_DATATYPE_FLOAT_32, {1, kN});
  Qnn_Tensor_t w = tensors_.constant<float>("w", QNN_DATATYPE_FLOAT_32, {kN, kN},
                                            std::vector<float>(kN * kN, 1.0f));
  for (Qnn_Tensor_t* tensor : {&x, &y, &w}) create(graph, tensor);
  std::vector<Qnn_Tensor_t> in{x, w}, out{y};
  ASSERT_OK(qnn().graphAddNode(graph, node("fc", "FullyConnected", in, out))) << messages();
  ASSERT_OK(qnn().graphFinalize(graph, nullptr, nullptr));
  finalize();
  const Bytes bytes = binary();
  const std::unique_ptr<void, decltype(&std::free)> buffer(
      std::aligned_alloc(4096, (bytes.size() + 4095) / 4096 * 4096), &std::free);
  std::memcpy(buffer.get(), bytes.data(), bytes.size());

  QnnContext_Config_t config = QNN_CONTEXT_CONFIG_INIT;
  config.option = QNN_CONTEXT_CONFIG_PERSISTENT_BINARY;
  config.isPersistentBinary = 1;
  const QnnContext_Config_t* configs[] = {&config, nullptr};
  Qnn_ContextHandle_t loaded = nullptr;
  ASSERT_OK(qnn().contextCreateFromBinary(backend_, nullptr, configs, buffer.get(), bytes.size(),
                                          &loaded, nullptr));
  EXPECT_EQ(0, std::memcmp(buffer.get(), bytes.data(), bytes.size()));
  EXPECT_CODE(0, qnn().contextFree(loaded, nullptr));
}

TEST_F(Binary, TheSameGraphsGiveTheSameBytes) {
  finalize();
  EXPECT_EQ(binary(), binary());
}

void encode(Qnn_Tensor_t* tensor, float scale, int32_t offset) {
  Qnn_QuantizeParams_t& params = tensor->v1.quantizeParams;
  params.encodingDefinition = QNN_DEFINITION_DEFINED;
  params.quantizationEncoding = QNN_QUANTIZATION_ENCODING_SCALE_OFFSET;
  params.scaleOffsetEncoding = {scale, offset};
}

/// Two products with packed weights, one with a scale per output, one with blocks: what a loaded
/// context computes from them shows that it has the encodings.
TEST_F(Binary, EncodingsAreKept) {
  const Qnn_GraphHandle_t graph = create_graph("fixed");
  const Qnn_DataType_t type = QNN_DATATYPE_UFIXED_POINT_16;
  Qnn_Tensor_t x = tensors_.make("fx", QNN_TENSOR_TYPE_APP_WRITE, type, {1, 32});
  Qnn_Tensor_t h = tensors_.make("fh", QNN_TENSOR_TYPE_NATIVE, type, {1, 32});
  Qnn_Tensor_t y = tensors_.make("fy", QNN_TENSOR_TYPE_APP_READ, type, {1, 32});
  encode(&x, 0.001f, -30000);
  encode(&h, 0.003f, -31000);
  encode(&y, 0.05f, -32000);
  std::vector<uint8_t> packed(32 * 32 / 2), block_scales(32 * 2);
  for (size_t i = 0; i < packed.size(); ++i) packed[i] = static_cast<uint8_t>(i * 37);
  for (size_t i = 0; i < block_scales.size(); ++i)
    block_scales[i] = static_cast<uint8_t>(1 + i % 16);
  std::vector<float> scales(32);
  std::vector<Qnn_ScaleOffset_t> pairs(32);
  for (size_t i = 0; i < scales.size(); ++i)
    pairs[i].scale = scales[i] = 0.01f * static_cast<float>(i + 1);
  Qnn_BlockwiseExpansion_t expansion = {0,
                                        pairs.data(),
                                        2,
                                        4,
                                        QNN_BLOCKWISE_EXPANSION_BITWIDTH_SCALE_STORAGE_8,
                                        {block_scales.data()}};
  Qnn_Tensor_t w1 = tensors_.constant("w1", QNN_DATATYPE_SFIXED_POINT_4, {32, 32}, packed);
  Qnn_Tensor_t w2 = tensors_.constant("w2", QNN_DATATYPE_SFIXED_POINT_4, {32, 32}, packed);
  w1.v1.quantizeParams.encodingDefinition = QNN_DEFINITION_DEFINED;
  w1.v1.quantizeParams.quantizationEncoding = QNN_QUANTIZATION_ENCODING_BW_AXIS_SCALE_OFFSET;
  w1.v1.quantizeParams.bwAxisScaleOffsetEncoding = {4, 0, 32, scales.data(), nullptr};
  w2.v1.quantizeParams.encodingDefinition = QNN_DEFINITION_DEFINED;
  w2.v1.quantizeParams.quantizationEncoding = QNN_QUANTIZATION_ENCODING_BLOCKWISE_EXPANSION;
  w2.v1.quantizeParams.blockwiseExpansion = &expansion;
  for (Qnn_Tensor_t* tensor : {&x, &h, &y, &w1, &w2}) create(graph, tensor);
  std::vector<Qnn_Tensor_t> in{x, w1}, out{h}, in2{h, w2}, out2{y};
  ASSERT_OK(qnn().graphAddNode(graph, node("p", "FullyConnected", in, out))) << messages();
  ASSERT_OK(qnn().graphAddNode(graph, node("q", "FullyConnected", in2, out2))) << messages();
  ASSERT_OK(qnn().graphFinalize(graph, nullptr, nullptr)) << messages();
  finalize();
  std::vector<uint16_t> input(32), made(32), again(32);
  for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<uint16_t>(i * 2039);
  give(&x, input);
  give(&y, made);
  ASSERT_OK(qnn().graphExecute(graph, &x, 1, &y, 1, nullptr, nullptr)) << messages();
  EXPECT_NE(made, again);

  Qnn_ContextHandle_t loaded = nullptr;
  Qnn_GraphHandle_t retrieved = nullptr;
  ASSERT_EQ(0u, load(binary(), &loaded)) << messages();
  ASSERT_OK(qnn().graphRetrieve(loaded, "fixed", &retrieved));
  give(&y, again);
  ASSERT_OK(qnn().graphExecute(retrieved, &x, 1, &y, 1, nullptr, nullptr)) << messages();
  EXPECT_EQ(made, again);
  EXPECT_CODE(0, qnn().contextFree(loaded, nullptr));
}

TEST_F(Binary, SeveralGraphsMayBeEnabledByName) {
  const Qnn_GraphHandle_t second = create_graph("second");
  Qnn_Tensor_t x = tensors_.make("x", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_FLOAT_32, {1, 4});
  Qnn_Tensor_t y = tensors_.make("y", QNN_TENSOR_TYPE_APP_READ, QNN_DATATYPE_FLOAT_32, {1, 4});
  create(second, &x);
  create(second, &y);
  std::vector<Qnn_Tensor_t> in{x}, out{y};
  ASSERT_OK(qnn().graphAddNode(second, node("neg", "ElementWiseNeg", in, out)));
  ASSERT_OK(qnn().graphFinalize(second, nullptr, nullptr));
  finalize();
  const Bytes bytes = binary();

  const char* names[] = {"graph", nullptr};
  QnnContext_Config_t config = QNN_CONTEXT_CONFIG_INIT;
  config.option = QNN_CONTEXT_CONFIG_ENABLE_GRAPHS;
  config.enableGraphs = names;
  const QnnContext_Config_t* configs[] = {&config, nullptr};
  Qnn_ContextHandle_t loaded = nullptr;
  Qnn_GraphHandle_t graph = nullptr;
  ASSERT_EQ(0u, load(bytes, &loaded, configs)) << messages();
  EXPECT_EQ(expected_, run(loaded));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_NAME, qnn().graphRetrieve(loaded, "second", &graph));
  EXPECT_CODE(0, qnn().contextFree(loaded, nullptr));

  ASSERT_EQ(0u, load(bytes, &loaded));
  EXPECT_CODE(0, qnn().graphRetrieve(loaded, "second", &graph));
  EXPECT_CODE(0, qnn().contextFree(loaded, nullptr));

  names[0] = "third";
  EXPECT_EQ(static_cast<uint64_t>(QNN_CONTEXT_ERROR_INVALID_CONFIG), load(bytes, &loaded, configs));
}

TEST_F(Binary, OrderOfCalls) {
  Qnn_ContextBinarySize_t size = 0;
  Qnn_ContextHandle_t empty = nullptr;
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &empty));
  EXPECT_CODE(QNN_CONTEXT_ERROR_NOT_FINALIZED, qnn().contextGetBinarySize(empty, &size));
  EXPECT_CODE(0, qnn().contextFree(empty, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_NOT_FINALIZED, qnn().contextGetBinarySize(context_, &size));
  finalize();
  Bytes bytes = binary();
  Qnn_ContextHandle_t loaded = nullptr;
  ASSERT_EQ(0u, load(bytes, &loaded));
  EXPECT_CODE(QNN_COMMON_ERROR_OPERATION_NOT_PERMITTED, qnn().contextGetBinarySize(loaded, &size));
  EXPECT_CODE(QNN_COMMON_ERROR_OPERATION_NOT_PERMITTED,
              qnn().contextGetBinary(loaded, bytes.data(), bytes.size(), &size));
  EXPECT_CODE(0, qnn().contextFree(loaded, nullptr));
}

TEST_F(Binary, ArgumentsAreChecked) {
  finalize();
  Bytes bytes = binary();
  Qnn_ContextBinarySize_t size = 0;
  Qnn_ContextHandle_t loaded = nullptr;
  const uint64_t whole = bytes.size();
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_ARGUMENT, qnn().contextGetBinarySize(context_, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_ARGUMENT,
              qnn().contextGetBinary(context_, nullptr, whole, &size));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_ARGUMENT,
              qnn().contextGetBinary(context_, bytes.data(), whole, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_GET_BINARY_FAILED,
              qnn().contextGetBinary(context_, bytes.data(), whole - 1, &size));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE,
              qnn().contextCreateFromBinary(nullptr, nullptr, nullptr, bytes.data(), whole, &loaded,
                                            nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE,
              qnn().contextCreateFromBinary(backend_, graph_, nullptr, bytes.data(), whole, &loaded,
                                            nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_ARGUMENT,
              qnn().contextCreateFromBinary(backend_, nullptr, nullptr, bytes.data(), whole,
                                            nullptr, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_SET_PROFILE,
              qnn().contextCreateFromBinary(backend_, nullptr, nullptr, bytes.data(), whole,
                                            &loaded, graph_));
  EXPECT_CODE(
      QNN_CONTEXT_ERROR_INVALID_ARGUMENT,
      qnn().contextCreateFromBinary(backend_, nullptr, nullptr, nullptr, whole, &loaded, nullptr));
  EXPECT_CODE(
      QNN_CONTEXT_ERROR_INVALID_ARGUMENT,
      qnn().contextCreateFromBinary(backend_, nullptr, nullptr, bytes.data(), 0, &loaded, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_UNSUPPORTED_FEATURE,
              qnn().contextCreateFromBinaryWithSignal(backend_, nullptr, nullptr, bytes.data(),
                                                      whole, &loaded, nullptr, graph_));
  EXPECT_CODE(QNN_CONTEXT_ERROR_UNSUPPORTED_FEATURE,
              qnn().contextCreateFromBinaryListAsync(backend_, nullptr, nullptr, nullptr, nullptr));
  EXPECT_EQ(nullptr, loaded);
}

TEST_F(Binary, SectionsAreNotSupported) {
  Qnn_ContextBinarySize_t size = 0;
  const auto section = QNN_CONTEXT_SECTION_UPDATABLE;
  const auto no = QNN_CONTEXT_ERROR_UNSUPPORTED_FEATURE;
  EXPECT_CODE(no, qnn().contextGetBinarySectionSize(context_, graph_, section, &size));
  EXPECT_CODE(no, qnn().contextGetBinarySection(context_, graph_, section, nullptr, &size, nullptr,
                                                nullptr));
  EXPECT_CODE(
      no, qnn().contextApplyBinarySection(context_, graph_, section, nullptr, nullptr, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE,
              qnn().contextGetBinarySectionSize(graph_, graph_, section, &size));
}

TEST_F(Binary, LoadingIsTimed) {
  finalize();
  const Bytes bytes = binary();
  Qnn_ContextHandle_t loaded = nullptr;
  Qnn_ProfileHandle_t profile = nullptr;
  ASSERT_OK(qnn().profileCreate(backend_, QNN_PROFILE_LEVEL_BASIC, &profile));
  ASSERT_OK(qnn().contextCreateFromBinary(backend_, nullptr, nullptr, bytes.data(), bytes.size(),
                                          &loaded, profile));
  const QnnProfile_EventId_t* ids = nullptr;
  uint32_t count = 0;
  ASSERT_OK(qnn().profileGetEvents(profile, &ids, &count));
  ASSERT_EQ(1u, count);
  QnnProfile_EventData_t data;
  ASSERT_OK(qnn().profileGetEventData(ids[0], &data));
  EXPECT_EQ(static_cast<uint32_t>(QNN_PROFILE_EVENTTYPE_INIT), data.type);
  EXPECT_CODE(0, qnn().profileFree(profile));
  EXPECT_CODE(0, qnn().contextFree(loaded, nullptr));
}

// ---------------------------------------------------------------------------------------- Damage

constexpr uint64_t kForeign = 30001, kDamaged = 30010;  // as the vendor's libraries answer

TEST_F(Binary, ForeignBuffersAreTold) {
  Qnn_ContextHandle_t loaded = nullptr;
  EXPECT_EQ(kForeign, load(Bytes(4096, 0), &loaded));
  EXPECT_EQ(kForeign, load(Bytes{'x'}, &loaded));
}

TEST_F(Binary, AnyTruncationIsTold) {
  finalize();
  const Bytes bytes = binary();
  Qnn_ContextHandle_t loaded = nullptr;
  for (size_t size = 1; size < bytes.size(); ++size)
    ASSERT_EQ(kDamaged, load(Bytes(bytes.begin(), bytes.begin() + size), &loaded)) << size;
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(kDamaged, load(longer, &loaded));
}

TEST_F(Binary, AnyChangedByteIsTold) {
  finalize();
  const Bytes bytes = binary();
  Qnn_ContextHandle_t loaded = nullptr;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const uint8_t flip : {0x01, 0x80, 0xFF}) {
      Bytes bad = bytes;
      bad[i] ^= flip;
      // The first 8 bytes say whose binary it is, the next 4 its version.
      const uint64_t version = QNN_CONTEXT_ERROR_BINARY_VERSION;
      const uint64_t expected = i < 8 ? kForeign : i < 12 ? version : kDamaged;
      ASSERT_EQ(expected, load(bad, &loaded)) << "byte " << i;
      ASSERT_EQ(expected, validate(bad)) << "byte " << i;
    }
  }
}

/// The checksum of a context binary, written from the format's description: four lanes of 8 bytes.
uint64_t checksum(const Bytes& bytes) {
  const auto mix = [](uint64_t lane, uint64_t word) {
    lane = (lane ^ word) * 0x9E3779B97F4A7C15u;
    return lane ^ (lane >> 29);
  };
  uint64_t lanes[4] = {1, 2, 3, 4}, sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, &bytes[i], 8);
    lanes[i / 8 % 4] = mix(lanes[i / 8 % 4], i == 24 ? 0 : word);
  }
  for (const uint64_t lane : lanes) sum = mix(sum, lane);
  return sum;
}

TEST_F(Binary, NonsenseUnderARightChecksumIsNoDanger) {
  finalize();
  const Bytes bytes = binary();
  Qnn_ContextHandle_t loaded = nullptr;
  size_t refused = 0, taken = 0;
  for (size_t i = 16; i < bytes.size(); ++i) {
    if (i >= 24 && i < 32) continue;  // the checksum itself
    for (const uint8_t flip : {0x01, 0x10, 0x80, 0xFF}) {
      Bytes bad = bytes;
      bad[i] ^= flip;
      const uint64_t sum = checksum(bad);
      std::memcpy(&bad[24], &sum, 8);
      const uint64_t code = load(bad, &loaded);
      // A changed name or value still makes a graph. All else is told.
      if (code == 0) {
        ++taken;
        ASSERT_EQ(0u, qnn().contextFree(loaded, nullptr));
      } else {
        ++refused;
        ASSERT_TRUE(code == kDamaged || code == QNN_CONTEXT_ERROR_CREATE_FROM_BINARY)
            << "byte " << i << " gives " << code;
      }
    }
  }
  EXPECT_GT(refused, 500u);
  EXPECT_GT(taken, 50u) << "else the checksum above is not the library's";
}

}  // namespace
