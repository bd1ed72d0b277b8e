// Tensors of a graph under construction: each refusal is the documented code, and says what is
// wrong.

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
  expect(unsupported, "tensor t: data type 0x0408 is not supported",
         [](Qnn_Tensor_t& t) { t.v1.dataType = QNN_DATATYPE_UFIXED_POINT_8; });
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
