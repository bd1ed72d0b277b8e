// Nodes of a graph under construction: each refusal is the documented code, and says what is wrong.

#include "api_client.h"

using namespace client;

namespace {

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
