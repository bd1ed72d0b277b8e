// Graphs under construction: handles, names, tensors, nodes, options. Each refusal is the
// documented code, and says what is wrong.

#include "api_client.h"

using namespace client;

namespace {

bool told(const std::string& text) {
  return messages().find(text) != std::string::npos;
}

// ---------------------------------------------------------------------------------------- Handles

TEST_F(Session, HandlesThatAreNotValidAreTold) {
  int mine = 0;
  const Qnn_GraphHandle_t graph = create_graph();
  Qnn_ContextHandle_t freed = nullptr;
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &freed));
  ASSERT_OK(qnn().contextFree(freed, nullptr));
  // null, an address, freed, of another kind, a number next to a valid one
  const std::vector<void*> bad{nullptr, &mine, freed, graph,
                               reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(context_) + 1)};
  for (void* handle : bad) {
    Qnn_GraphHandle_t out = nullptr;
    Qnn_ContextBinarySize_t size = 0;
    Qnn_Tensor_t tensor = QNN_TENSOR_INIT;
    EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE, qnn().contextFree(handle, nullptr));
    EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE, qnn().contextSetConfig(handle, nullptr));
    EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE, qnn().contextGetBinarySize(handle, &size));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphCreate(handle, "g", nullptr, &out));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphRetrieve(handle, "graph", &out));
    EXPECT_CODE(QNN_TENSOR_ERROR_INVALID_HANDLE, qnn().tensorCreateContextTensor(handle, &tensor));
  }
}

TEST_F(Session, EveryCallOnAGraphChecksItsHandle) {
  Qnn_GraphHandle_t out = nullptr;
  Qnn_Tensor_t tensor = QNN_TENSOR_INIT;
  for (void* handle : {static_cast<void*>(nullptr), context_}) {
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphSetConfig(handle, nullptr));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphAddNode(handle, QNN_OPCONFIG_INIT));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphFinalize(handle, nullptr, nullptr));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphCreateSubgraph(handle, "s", &out));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphGetProperty(handle, nullptr));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE,
                qnn().graphExecute(handle, nullptr, 0, nullptr, 0, nullptr, nullptr));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE,
                qnn().graphExecuteAsync(handle, nullptr, 0, nullptr, 0, nullptr, nullptr, nullptr,
                                        nullptr));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE,
                qnn().graphPrepareExecutionEnvironment(handle, nullptr, 0));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE,
                qnn().graphReleaseExecutionEnvironment(handle, nullptr, 0));
    EXPECT_CODE(QNN_TENSOR_ERROR_INVALID_HANDLE, qnn().tensorCreateGraphTensor(handle, &tensor));
    EXPECT_CODE(QNN_TENSOR_ERROR_INVALID_HANDLE,
                qnn().tensorUpdateGraphTensors(handle, nullptr, 0));
  }
}

TEST_F(Session, AHandleOfAFreedObjectIsNotThatOfItsSuccessor) {
  Qnn_ContextHandle_t first = nullptr, second = nullptr;
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &first));
  ASSERT_OK(qnn().contextFree(first, nullptr));
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &second));
  EXPECT_NE(first, second);
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE, qnn().contextFree(first, nullptr));
  EXPECT_CODE(0, qnn().contextFree(second, nullptr));
}

TEST_F(Session, AContextFreesItsGraphsWithIt) {
  Qnn_ContextHandle_t context = nullptr;
  Qnn_GraphHandle_t graph = nullptr;
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &context));
  ASSERT_OK(qnn().graphCreate(context, "g", nullptr, &graph));
  ASSERT_OK(qnn().contextFree(context, nullptr));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphFinalize(graph, nullptr, nullptr));
}

TEST(Backend, FreesItsContextsWithIt) {
  Qnn_BackendHandle_t backend = nullptr;
  Qnn_ContextHandle_t context = nullptr;
  ASSERT_OK(qnn().backendCreate(nullptr, nullptr, &backend));
  ASSERT_OK(qnn().contextCreate(backend, nullptr, nullptr, &context));
  ASSERT_OK(qnn().backendFree(backend));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE, qnn().contextFree(context, nullptr));
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_HANDLE, qnn().backendFree(backend));
}

TEST_F(Session, HandlesOfOtherPartsAreCheckedToo) {
  Qnn_BackendHandle_t backend = nullptr;
  Qnn_ContextHandle_t context = nullptr;
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_HANDLE, qnn().backendCreate(context_, nullptr, &backend));
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_ARGUMENT, qnn().backendCreate(log_, nullptr, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE,
              qnn().contextCreate(nullptr, nullptr, nullptr, &context));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE,
              qnn().contextCreate(backend_, backend_, nullptr, &context));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_ARGUMENT,
              qnn().contextCreate(backend_, nullptr, nullptr, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_SET_PROFILE, qnn().contextFree(context_, backend_));
  EXPECT_CODE(QNN_GRAPH_ERROR_SET_PROFILE, qnn().graphFinalize(create_graph(), context_, nullptr));
}

// ------------------------------------------------------------------------------- Names and options

TEST_F(Session, GraphNamesAreThereAndUnique) {
  Qnn_GraphHandle_t graph = nullptr;
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_NAME, qnn().graphCreate(context_, nullptr, nullptr, &graph));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_NAME, qnn().graphCreate(context_, "", nullptr, &graph));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphCreate(context_, "g", nullptr, nullptr));
  EXPECT_CODE(0, qnn().graphCreate(context_, "g", nullptr, &graph));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_NAME, qnn().graphCreate(context_, "g", nullptr, &graph));
  Qnn_GraphHandle_t found = nullptr;
  EXPECT_CODE(0, qnn().graphRetrieve(context_, "g", &found));
  EXPECT_EQ(graph, found);
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_NAME, qnn().graphRetrieve(context_, "h", &found));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphRetrieve(context_, "g", nullptr));
}

TEST_F(Session, HostOptionsOfGraphsAreTaken) {
  QnnHostGraph_CustomConfig_t custom = {QNN_HOST_GRAPH_CONFIG_OPTION_THREADS, 1};
  QnnGraph_Config_t config = QNN_GRAPH_CONFIG_INIT;
  config.option = QNN_GRAPH_CONFIG_OPTION_CUSTOM;
  config.customConfig = &custom;
  const QnnGraph_Config_t* configs[] = {&config, nullptr};
  Qnn_GraphHandle_t graph = nullptr;
  EXPECT_CODE(0, qnn().graphCreate(context_, "g", configs, &graph));
  custom = {QNN_HOST_GRAPH_CONFIG_OPTION_REFERENCE_KERNELS, 1};
  EXPECT_CODE(0, qnn().graphSetConfig(graph, configs));
  custom = {QNN_HOST_GRAPH_CONFIG_OPTION_MAPPED_STATIC_DATA, 1};
  EXPECT_CODE(0, qnn().graphSetConfig(graph, configs));
}

TEST_F(Session, OtherOptionsOfGraphsAreRefused) {
  const Qnn_GraphHandle_t graph = create_graph();
  QnnHostGraph_CustomConfig_t custom = {QNN_HOST_GRAPH_CONFIG_OPTION_UNKNOWN, 1};
  QnnGraph_Config_t config = QNN_GRAPH_CONFIG_INIT;
  const QnnGraph_Config_t* configs[] = {&config, nullptr};
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphSetConfig(graph, nullptr));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphSetConfig(graph, configs));
  config.option = QNN_GRAPH_CONFIG_OPTION_CUSTOM;
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphSetConfig(graph, configs)) << "null";
  config.customConfig = &custom;
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphSetConfig(graph, configs));
  custom = {QNN_HOST_GRAPH_CONFIG_OPTION_THREADS, 100000};
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphSetConfig(graph, configs));
  config.option = QNN_GRAPH_CONFIG_OPTION_PRIORITY;
  config.priority = QNN_PRIORITY_HIGH;
  EXPECT_CODE(QNN_GRAPH_ERROR_UNSUPPORTED_FEATURE, qnn().graphSetConfig(graph, configs));
  config.priority = QNN_PRIORITY_DEFAULT;
  EXPECT_CODE(0, qnn().graphSetConfig(graph, configs));
  config.option = QNN_GRAPH_CONFIG_OPTION_PROFILE_HANDLE;
  EXPECT_CODE(QNN_GRAPH_ERROR_UNSUPPORTED_FEATURE, qnn().graphSetConfig(graph, configs));
}

TEST_F(Session, OptionsOfContexts) {
  QnnContext_Config_t config = QNN_CONTEXT_CONFIG_INIT;
  const QnnContext_Config_t* configs[] = {&config, nullptr};
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_ARGUMENT, qnn().contextSetConfig(context_, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_CONFIG, qnn().contextSetConfig(context_, configs));
  config.option = QNN_CONTEXT_CONFIG_OPTION_CUSTOM;
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_CONFIG, qnn().contextSetConfig(context_, configs));
  config.option = QNN_CONTEXT_CONFIG_OPTION_PRIORITY;
  config.priority = QNN_PRIORITY_NORMAL;
  EXPECT_CODE(0, qnn().contextSetConfig(context_, configs));
  config.priority = QNN_PRIORITY_LOW;
  EXPECT_CODE(QNN_CONTEXT_ERROR_UNSUPPORTED_FEATURE, qnn().contextSetConfig(context_, configs));
  config.option = QNN_CONTEXT_CONFIG_MEMORY_LIMIT_HINT;
  EXPECT_CODE(QNN_CONTEXT_ERROR_UNSUPPORTED_FEATURE, qnn().contextSetConfig(context_, configs));
  config.option = QNN_CONTEXT_CONFIG_PERSISTENT_BINARY;
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_CONFIG, qnn().contextSetConfig(context_, configs));
}

// ---------------------------------------------------------------------------------------- Tensors

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

// ------------------------------------------------------------------------------------------ Nodes

/// A node [1,2,8] -> Transpose -> [1,8,2], right but for what `spoil` does to it.
class BadNode : public Session {
 protected:
  void SetUp() override {
    Session::SetUp();
    graph_ = create_graph();
    in_ = {tensors_.make("x", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_FLOAT_32, {1, 2, 8})};
    out_ = {tensors_.make("y", QNN_TENSOR_TYPE_APP_READ, QNN_DATATYPE_FLOAT_32, {1, 8, 2})};
    perm_ = tensors_.constant<uint32_t>("perm", QNN_DATATYPE_UINT_32, {3}, {0, 2, 1});
    for (Qnn_Tensor_t* tensor : {&in_[0], &out_[0], &perm_}) create(graph_, tensor);
  }

  /// Codes of graphAddNode and of backendValidateOpConfig.
  template <typename Spoil>
  void expect(uint64_t code, uint64_t validation_code, const std::string& message, Spoil spoil) {
    Qnn_Param_t param = QNN_PARAM_INIT;
    param.paramType = QNN_PARAMTYPE_TENSOR;
    param.name = QNN_OP_TRANSPOSE_PARAM_PERM;
    param.tensorParam = perm_;
    std::vector<Qnn_Tensor_t> in = in_, out = out_;
    Qnn_OpConfig_t config = node("n", "Transpose", in, out);
    config.v1.numOfParams = 1;
    config.v1.params = &param;
    spoil(config);
    messages().clear();
    EXPECT_CODE(code, qnn().graphAddNode(graph_, config)) << message;
    EXPECT_TRUE(told(message)) << "expected: " << message << "\nfound: " << messages();
    EXPECT_CODE(validation_code, qnn().backendValidateOpConfig(backend_, config)) << message;
  }

  Qnn_GraphHandle_t graph_ = nullptr;
  std::vector<Qnn_Tensor_t> in_, out_;
  Qnn_Tensor_t perm_;
};

constexpr auto kBadOp = QNN_GRAPH_ERROR_INVALID_OP_CONFIG;
constexpr auto kRefused = QNN_OP_PACKAGE_ERROR_VALIDATION_FAILURE;
constexpr auto kBadTensor = QNN_GRAPH_ERROR_INVALID_TENSOR;

TEST_F(BadNode, NothingSpoiledIsTaken) {
  expect(0, 0, "", [](Qnn_OpConfig_t&) {});
}

TEST_F(BadNode, WithoutWhatEveryNodeHas) {
  expect(kBadOp, kRefused, "an op config of version 2, the only one known is 1",
         [](Qnn_OpConfig_t& c) { c.version = static_cast<Qnn_OpConfigVersion_t>(2); });
  expect(kBadOp, kRefused, "a node has no name", [](Qnn_OpConfig_t& c) { c.v1.name = nullptr; });
  expect(kBadOp, kRefused, "node n has no type",
         [](Qnn_OpConfig_t& c) { c.v1.typeName = nullptr; });
  expect(kBadOp, kRefused, "node n has no package",
         [](Qnn_OpConfig_t& c) { c.v1.packageName = nullptr; });
  expect(kBadOp, kRefused, "node n (Transpose): 1 inputs, the list is null",
         [](Qnn_OpConfig_t& c) { c.v1.inputTensors = nullptr; });
  expect(kBadOp, kRefused, "node n (Transpose): 1 outputs, the list is null",
         [](Qnn_OpConfig_t& c) { c.v1.outputTensors = nullptr; });
  expect(kBadOp, kRefused, "node n (Transpose): 1 parameters, the list is null",
         [](Qnn_OpConfig_t& c) { c.v1.params = nullptr; });
}

TEST_F(BadNode, OfAnOpThatIsNotThere) {
  expect(kBadOp, QNN_BACKEND_ERROR_OP_PACKAGE_NOT_FOUND,
         "there is no op package acme, only qti.aisw",
         [](Qnn_OpConfig_t& c) { c.v1.packageName = "acme"; });
  expect(kBadOp, QNN_BACKEND_ERROR_OP_PACKAGE_NOT_FOUND,
         "node n (Warp): package qti.aisw has no such op here",
         [](Qnn_OpConfig_t& c) { c.v1.typeName = "Warp"; });
  expect(kBadOp, QNN_BACKEND_ERROR_NOT_SUPPORTED,
         "node n (Quantize): the host backend does not compute this op",
         [](Qnn_OpConfig_t& c) { c.v1.typeName = "Quantize"; });
}

TEST_F(BadNode, AgainstTheOpTable) {
  expect(kBadOp, kRefused, "it has 0 inputs, not 1",
         [](Qnn_OpConfig_t& c) { c.v1.numOfInputs = 0; });
  expect(kBadOp, kRefused, "it has 0 outputs, not 1",
         [](Qnn_OpConfig_t& c) { c.v1.numOfOutputs = 0; });
  expect(kBadOp, kRefused, "parameter perm is missing",
         [](Qnn_OpConfig_t& c) { c.v1.numOfParams = 0; });
  expect(kBadOp, kRefused, "it has no parameter axis",
         [](Qnn_OpConfig_t& c) { c.v1.params[0].name = "axis"; });
  expect(kBadOp, kRefused, "parameter perm must be a tensor", [](Qnn_OpConfig_t& c) {
    c.v1.params[0].paramType = QNN_PARAMTYPE_SCALAR;
    c.v1.params[0].scalarParam = QNN_SCALAR_INIT;
    c.v1.params[0].scalarParam.dataType = QNN_DATATYPE_UINT_32;
  });
  expect(kBadOp, kRefused, "parameter perm has an unknown data type", [](Qnn_OpConfig_t& c) {
    c.v1.params[0].paramType = QNN_PARAMTYPE_SCALAR;
    c.v1.params[0].scalarParam = QNN_SCALAR_INIT;
    c.v1.params[0].scalarParam.dataType = QNN_DATATYPE_STRING;
  });
  expect(kBadOp, kRefused, "parameter perm is neither scalar (0) nor tensor (1)",
         [](Qnn_OpConfig_t& c) { c.v1.params[0].paramType = QNN_PARAMTYPE_UNDEFINED; });
  expect(kBadOp, kRefused, "a parameter has no name",
         [](Qnn_OpConfig_t& c) { c.v1.params[0].name = nullptr; });
}

TEST_F(BadNode, WhoseTypesNoRowAllows) {
  Qnn_Tensor_t half = tensors_.make("h", QNN_TENSOR_TYPE_NATIVE, QNN_DATATYPE_FLOAT_16, {1, 8, 2});
  create(graph_, &half);
  expect(kBadOp, kRefused, "no combination of types allows f32 -> f16; inputs x f32 [1,2,8]",
         [&](Qnn_OpConfig_t& c) { c.v1.outputTensors[0] = half; });
}

TEST_F(BadNode, WhoseShapesDoNotFit) {
  Qnn_Tensor_t wide = tensors_.make("w", QNN_TENSOR_TYPE_NATIVE, QNN_DATATYPE_FLOAT_32, {1, 8, 3});
  create(graph_, &wide);
  expect(kBadOp, kRefused, "[1,8,3]", [&](Qnn_OpConfig_t& c) { c.v1.outputTensors[0] = wide; });
}

TEST_F(BadNode, WithTensorsThatTheGraphDoesNotHave) {
  expect(kBadTensor, 0, "has no tensor of id 4711 and name \"elsewhere\"", [](Qnn_OpConfig_t& c) {
    c.v1.inputTensors[0].v1.id = 4711;
    c.v1.inputTensors[0].v1.name = "elsewhere";
  });
  expect(kBadTensor, 0, "name \"elsewhere\": create it first (tensorCreateGraphTensor)",
         [](Qnn_OpConfig_t& c) { c.v1.inputTensors[0].v1.name = "elsewhere"; });
}

TEST_F(BadNode, WithATensorThatWasCreatedDifferently) {
  expect(kBadTensor, kRefused, "tensor x f16 [1,2,8] was created as x f32 [1,2,8]",
         [](Qnn_OpConfig_t& c) { c.v1.inputTensors[0].v1.dataType = QNN_DATATYPE_FLOAT_16; });
}

TEST_F(BadNode, ThatReadsWhatNoNodeWrote) {
  Qnn_Tensor_t later =
      tensors_.make("later", QNN_TENSOR_TYPE_NATIVE, QNN_DATATYPE_FLOAT_32, {1, 2, 8});
  create(graph_, &later);
  expect(QNN_GRAPH_ERROR_UNCONNECTED_NODE, 0,
         "node n reads tensor later, which no node before it writes",
         [&](Qnn_OpConfig_t& c) { c.v1.inputTensors[0] = later; });
}

TEST_F(BadNode, ThatWritesWhatIsNotItsToWrite) {
  Qnn_Tensor_t input =
      tensors_.make("in2", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_FLOAT_32, {1, 8, 2});
  create(graph_, &input);
  expect(kBadTensor, 0, "node n writes tensor in2, which is an input of the graph",
         [&](Qnn_OpConfig_t& c) { c.v1.outputTensors[0] = input; });
  expect(0, 0, "", [](Qnn_OpConfig_t&) {});
  expect(kBadTensor, 0, "node m writes tensor y, which is written already",
         [](Qnn_OpConfig_t& c) { c.v1.name = "m"; });
  expect(kBadOp, 0, "graph graph has a node n already", [](Qnn_OpConfig_t&) {});
}

TEST_F(BadNode, WhoseParameterIsNotStatic) {
  Qnn_Tensor_t input = tensors_.make("p", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_UINT_32, {3});
  create(graph_, &input);
  expect(kBadTensor, kRefused, "parameter perm is tensor p, which is not STATIC",
         [&](Qnn_OpConfig_t& c) { c.v1.params[0].tensorParam = input; });
}

TEST_F(Session, ValidationNeedsABackend) {
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_HANDLE,
              qnn().backendValidateOpConfig(context_, QNN_OPCONFIG_INIT));
}

}  // namespace
