// Tensors of a graph under construction: each refusal is the documented code, and says what is
// wrong.

#include <algorithm>
#include <cmath>

#include "api_client.h"

using namespace client;

namespace {

TEST_F(Session, EachTensorGetsAnIdOfItsOwn) {
  const Qnn_GraphHandle_t one = create_graph("one"), two = create_graph("two");
  Qnn_Tensor_t a = tensors_.make("a", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_FLOAT_16, {1, 8});
  Qnn_Tensor_t b = tensors_.make("b", QNN_TENSOR_TYPE_NATIVE, QNN_DATATYPE_FLOAT_16, {1, 8});
  Qnn_Tensor_t other = tensors_.make("a", QNN_TENSOR_TYPE_NATIVE, QNN_DATATYPE_FLOAT_16, {1, 8});
  create(one, &a);
  create(one, &b);
  create(two, &other);
  EXPECT_NE(0u, a.v1.id);
  EXPECT_NE(a.v1.id, b.v1.id);
  EXPECT_NE(a.v1.id, other.v1.id);
}

/// A tensor that is right but for what `spoil` does to it is refused with `code`.
class BadTensor : public Session {
 protected:
  template <typename Spoil>
  void expect(uint64_t code, const std::string& message, Spoil spoil) {
    Qnn_Tensor_t tensor = tensors_.make("t", QNN_TENSOR_TYPE_NATIVE, QNN_DATATYPE_FLOAT_32, {1, 8});
    spoil(tensor);
    messages().clear();
    if (graph_ == nullptr) graph_ = create_graph();
    EXPECT_CODE(code, qnn().tensorCreateGraphTensor(graph_, &tensor)) << message;
    EXPECT_TRUE(told(message)) << "expected: " << message << "\nfound: " << messages();
  }
  Qnn_GraphHandle_t graph_ = nullptr;
};

TEST_F(BadTensor, WithAFieldThatIsNotValid) {
  const auto invalid = QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM;
  expect(invalid, "a tensor of version 3, known are 1 and 2",
         [](Qnn_Tensor_t& t) { t.version = static_cast<Qnn_TensorVersion_t>(3); });
  expect(invalid, "a tensor has no name", [](Qnn_Tensor_t& t) { t.v1.name = nullptr; });
  expect(invalid, "a tensor has no name", [](Qnn_Tensor_t& t) { t.v1.name = ""; });
  expect(invalid, "tensor t: unknown type 2147483647",
         [](Qnn_Tensor_t& t) { t.v1.type = QNN_TENSOR_TYPE_UNDEFINED; });
  expect(invalid, "tensor t: data type 0x7fffffff is not supported",
         [](Qnn_Tensor_t& t) { t.v1.dataType = QNN_DATATYPE_UNDEFINED; });
  expect(invalid, "tensor t: rank is 2, dimensions are null",
         [](Qnn_Tensor_t& t) { t.v1.dimensions = nullptr; });
  expect(invalid, "tensor t: a dimension is 0", [](Qnn_Tensor_t& t) { t.v1.dimensions[1] = 0; });
  EXPECT_CODE(invalid, qnn().tensorCreateGraphTensor(graph_, nullptr));
}

TEST_F(BadTensor, ThatAsksForWhatIsNotSupported) {
  const auto unsupported = QNN_TENSOR_ERROR_UNSUPPORTED_TENSOR_PARAM;
  expect(unsupported, "tensor t: data type 0x0404 is not supported",
         [](Qnn_Tensor_t& t) { t.v1.dataType = QNN_DATATYPE_UFIXED_POINT_4; });
  expect(unsupported, "tensor t: packed elements of 4 bits are for STATIC tensors only",
         [](Qnn_Tensor_t& t) { t.v1.dataType = QNN_DATATYPE_SFIXED_POINT_4; });
  expect(unsupported, "tensor t: type 2 is not supported",
         [](Qnn_Tensor_t& t) { t.v1.type = QNN_TENSOR_TYPE_APP_READWRITE; });
  expect(unsupported, "tensor t: type 6 is not supported",
         [](Qnn_Tensor_t& t) { t.v1.type = QNN_TENSOR_TYPE_UPDATEABLE_STATIC; });
  expect(unsupported, "tensor t: data format 1 is not supported",
         [](Qnn_Tensor_t& t) { t.v1.dataFormat = QNN_TENSOR_DATA_FORMAT_SPARSE; });
  expect(unsupported, "tensor t: rank 9 is greater than 8", [](Qnn_Tensor_t& t) { t.v1.rank = 9; });
  expect(unsupported, "tensor t: it is larger than 1 TiB",
         [](Qnn_Tensor_t& t) { t.v1.dimensions[0] = t.v1.dimensions[1] = 0xFFFFFFFF; });
  expect(unsupported, "tensor t: dimension 1 is dynamic", [](Qnn_Tensor_t& t) {
    static uint8_t dynamic[] = {0, 1};
    t.version = QNN_TENSOR_VERSION_2;
    t.v2.isDynamicDimensions = dynamic;
  });
}

TEST_F(BadTensor, WhoseStaticDataDoNotFit) {
  const auto invalid = QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM;
  static float values[8] = {};
  const auto fill = [](Qnn_Tensor_t& t) {
    t.v1.type = QNN_TENSOR_TYPE_STATIC;
    t.v1.clientBuf = {values, sizeof values};
  };
  expect(invalid, "tensor t: its buffer is null", [&](Qnn_Tensor_t& t) {
    fill(t);
    t.v1.clientBuf.data = nullptr;
  });
  expect(invalid, "tensor t: its buffer has 28 bytes, not 32", [&](Qnn_Tensor_t& t) {
    fill(t);
    t.v1.clientBuf.dataSize = 28;
  });
  expect(QNN_TENSOR_ERROR_UNSUPPORTED_TENSOR_PARAM, "tensor t: memory handles are not supported",
         [&](Qnn_Tensor_t& t) {
           fill(t);
           t.v1.memType = QNN_TENSORMEMTYPE_MEMHANDLE;
         });
}

/// A tensor [4,32] of 8-bit cells with this encoding.
template <typename Fill>
auto cells(Fill fill) {
  return [fill](Qnn_Tensor_t& t) {
    static int8_t values[4 * 32] = {};
    static uint32_t dims[2];
    dims[0] = 4;
    dims[1] = 32;
    t.v1.type = QNN_TENSOR_TYPE_STATIC;
    t.v1.dataType = QNN_DATATYPE_SFIXED_POINT_8;
    t.v1.dimensions = dims;
    t.v1.clientBuf = {values, sizeof values};
    t.v1.quantizeParams.encodingDefinition = QNN_DEFINITION_DEFINED;
    fill(t, t.v1.quantizeParams);
  };
}

TEST_F(BadTensor, WhoseEncodingMakesNoSense) {
  const auto invalid = QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM;
  const auto one = [](float scale, int32_t offset, Qnn_DataType_t dtype) {
    return [=](Qnn_Tensor_t& t) {
      t.v1.dataType = dtype;
      t.v1.quantizeParams.encodingDefinition = QNN_DEFINITION_DEFINED;
      t.v1.quantizeParams.quantizationEncoding = QNN_QUANTIZATION_ENCODING_SCALE_OFFSET;
      t.v1.quantizeParams.scaleOffsetEncoding = {scale, offset};
    };
  };
  expect(invalid, "tensor t: its encoding is not defined (QNN_DEFINITION_DEFINED)",
         [](Qnn_Tensor_t& t) { t.v1.dataType = QNN_DATATYPE_UFIXED_POINT_16; });
  for (const float scale : {0.0f, -1.0f, std::nanf(""), HUGE_VALF})
    expect(invalid, "a finite number above 0 was expected",
           one(scale, 0, QNN_DATATYPE_UFIXED_POINT_16));
  expect(invalid, "has an offset of 1;", one(1, 1, QNN_DATATYPE_UFIXED_POINT_16));
  expect(invalid, "has an offset of -65536;", one(1, -65536, QNN_DATATYPE_UFIXED_POINT_16));
  expect(invalid, "has an offset of -256;", one(1, -256, QNN_DATATYPE_UFIXED_POINT_8));
  expect(invalid, "has an offset of -1;", one(1, -1, QNN_DATATYPE_SFIXED_POINT_16));

  static Qnn_ScaleOffset_t scales[4] = {{1, 0}, {1, 0}, {1, 0}, {1, 0}};
  static float numbers[4] = {1, 1, 1, 1};
  using Params = Qnn_QuantizeParams_t;
  const auto axis = [](int32_t which, uint32_t count, Qnn_ScaleOffset_t* list) {
    return cells([=](Qnn_Tensor_t&, Params& p) {
      p.quantizationEncoding = QNN_QUANTIZATION_ENCODING_AXIS_SCALE_OFFSET;
      p.axisScaleOffsetEncoding = {which, count, list};
    });
  };
  expect(invalid, "names axis 2 of a tensor of rank 2", axis(2, 4, scales));
  expect(invalid, "names axis -1 of a tensor of rank 2", axis(-1, 4, scales));
  expect(invalid, "has 3 scales, axis 0 has an extent of 4", axis(0, 3, scales));
  expect(invalid, "has scales that are null", axis(0, 4, nullptr));
  const auto width = [](uint32_t bits) {
    return cells([=](Qnn_Tensor_t&, Params& p) {
      p.quantizationEncoding = QNN_QUANTIZATION_ENCODING_BW_AXIS_SCALE_OFFSET;
      p.bwAxisScaleOffsetEncoding = {bits, 0, 4, numbers, nullptr};
    });
  };
  const auto unsupported = QNN_TENSOR_ERROR_UNSUPPORTED_TENSOR_PARAM;
  expect(unsupported, "has a bit width of 5, 4 or 8 was expected", width(5));
  expect(unsupported, "is of kind 4", cells([](Qnn_Tensor_t&, Params& p) {
           p.quantizationEncoding = QNN_QUANTIZATION_ENCODING_BLOCK;
         }));
  expect(unsupported, "has a scale per slice, which only STATIC tensors may have",
         [&](Qnn_Tensor_t& t) {
           axis(0, 4, scales)(t);
           t.v1.type = QNN_TENSOR_TYPE_NATIVE;
         });
  const auto blocks = [](uint32_t count, uint8_t scale, int32_t which) {
    return cells([=](Qnn_Tensor_t&, Params& p) {
      static uint8_t block_scales[4 * 8];
      static Qnn_BlockwiseExpansion_t expansion;
      std::fill(block_scales, block_scales + sizeof block_scales, scale);
      expansion = {
          which,         scales, count, 4, QNN_BLOCKWISE_EXPANSION_BITWIDTH_SCALE_STORAGE_8,
          {block_scales}};
      p.quantizationEncoding = QNN_QUANTIZATION_ENCODING_BLOCKWISE_EXPANSION;
      p.blockwiseExpansion = &expansion;
    });
  };
  expect(invalid, "has 3 blocks, which do not divide the extent of axis 1, 32", blocks(3, 1, 0));
  expect(invalid, "has a block scale of 0, 1 to 16 was expected", blocks(2, 0, 0));
  expect(invalid, "has a block scale of 17, 1 to 16 was expected", blocks(2, 17, 0));
  expect(unsupported, "has blocks of axis 1", blocks(2, 1, 1));
  expect(0, "", blocks(2, 16, 0));
}

TEST_F(Session, PackedElementsTakeHalfAByte) {
  EXPECT_EQ(QNN_PROPERTY_SUPPORTED, qnn().propertyHasCapability(kRwkvcPropertyPacked4Bit));
  const Qnn_GraphHandle_t graph = create_graph();
  Qnn_Tensor_t tensor =
      tensors_.constant<uint8_t>("t", QNN_DATATYPE_SFIXED_POINT_4, {3, 5}, std::vector<uint8_t>(8));
  tensor.v1.quantizeParams.encodingDefinition = QNN_DEFINITION_DEFINED;
  tensor.v1.quantizeParams.quantizationEncoding = QNN_QUANTIZATION_ENCODING_BW_SCALE_OFFSET;
  tensor.v1.quantizeParams.bwScaleOffsetEncoding = {4, 0.5f, 0};
  create(graph, &tensor);
  tensor.v1.name = "short";
  tensor.v1.clientBuf.dataSize = 7;
  EXPECT_CODE(QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM, qnn().tensorCreateGraphTensor(graph, &tensor));
  EXPECT_TRUE(told("its buffer has 7 bytes, not 8")) << messages();
}

TEST_F(Session, VersionTwoTensorsAreTaken) {
  const Qnn_GraphHandle_t graph = create_graph();
  Qnn_Tensor_t tensor =
      tensors_.make("t", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_FLOAT_32, {1, 8});
  uint8_t fixed[] = {0, 0};
  tensor.version = QNN_TENSOR_VERSION_2;
  tensor.v2.isDynamicDimensions = fixed;
  tensor.v2.sparseParams = QNN_SPARSE_PARAMS_INIT;
  create(graph, &tensor);
  EXPECT_NE(0u, tensor.v2.id);
}

TEST_F(Session, TensorNamesAreUniqueInAGraph) {
  const Qnn_GraphHandle_t graph = create_graph();
  Qnn_Tensor_t tensor = tensors_.make("t", QNN_TENSOR_TYPE_NATIVE, QNN_DATATYPE_INT_32, {1});
  create(graph, &tensor);
  EXPECT_CODE(QNN_TENSOR_ERROR_ALREADY_EXISTS, qnn().tensorCreateGraphTensor(graph, &tensor));
}

TEST_F(Session, TensorsOfContextsAreNotSupported) {
  Qnn_Tensor_t tensor = tensors_.make("t", QNN_TENSOR_TYPE_STATIC, QNN_DATATYPE_INT_32, {1});
  EXPECT_CODE(QNN_TENSOR_ERROR_UNSUPPORTED_FEATURE,
              qnn().tensorCreateContextTensor(context_, &tensor));
  EXPECT_CODE(QNN_TENSOR_ERROR_INVALID_TENSOR_PARAM,
              qnn().tensorCreateContextTensor(context_, nullptr));
}

}  // namespace
