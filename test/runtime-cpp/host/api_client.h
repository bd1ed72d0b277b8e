#pragma once

// A client of the host backend, as applications are: it loads the library by path and calls it
// through the function table of core API 2.18. Nothing of the backend's own code is linked.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdarg>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "Host/QnnHost.h"
#include "QnnInterface.h"
#include "QnnOpDef.h"

namespace client {

/// The low 16 bits of a status are the code.
#define EXPECT_CODE(expected, call) EXPECT_EQ(static_cast<uint64_t>(expected), (call)&0xFFFF)
#define ASSERT_OK(call) ASSERT_EQ(0u, (call)&0xFFFF)

inline const QnnInterface_t* load_provider() {
  static void* library = dlopen(RWKV_HOST, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    ADD_FAILURE() << dlerror();
    std::abort();
  }
  using GetProviders = Qnn_ErrorHandle_t (*)(const QnnInterface_t***, uint32_t*);
  const auto get_providers =
      reinterpret_cast<GetProviders>(dlsym(library, "QnnInterface_getProviders"));
  const QnnInterface_t** list = nullptr;
  uint32_t count = 0;
  EXPECT_EQ(0u, get_providers(&list, &count));
  EXPECT_EQ(1u, count);
  return list[0];
}

inline const QNN_INTERFACE_VER_TYPE& qnn() {
  static const QnnInterface_t* provider = load_provider();
  return provider->v2_18;
}

/// Tensors whose names and dimensions live as long as this.
class Tensors {
 public:
  Qnn_Tensor_t make(const std::string& name, Qnn_TensorType_t type, Qnn_DataType_t dtype,
                    std::vector<uint32_t> dims) {
    names_.push_back(name);
    dims_.push_back(std::move(dims));
    Qnn_Tensor_t tensor = QNN_TENSOR_INIT;
    tensor.v1.name = names_.back().c_str();
    tensor.v1.type = type;
    tensor.v1.dataType = dtype;
    tensor.v1.rank = static_cast<uint32_t>(dims_.back().size());
    tensor.v1.dimensions = dims_.back().data();
    tensor.v1.memType = QNN_TENSORMEMTYPE_RAW;
    return tensor;
  }
  template <typename T>
  Qnn_Tensor_t constant(const std::string& name, Qnn_DataType_t dtype, std::vector<uint32_t> dims,
                        const std::vector<T>& values) {
    data_.emplace_back(reinterpret_cast<const uint8_t*>(values.data()),
                       reinterpret_cast<const uint8_t*>(values.data() + values.size()));
    Qnn_Tensor_t tensor = make(name, QNN_TENSOR_TYPE_STATIC, dtype, std::move(dims));
    tensor.v1.clientBuf = {data_.back().data(), static_cast<uint32_t>(data_.back().size())};
    return tensor;
  }

 private:
  std::deque<std::string> names_;
  std::deque<std::vector<uint32_t>> dims_;
  std::deque<std::vector<uint8_t>> data_;
};

template <typename T>
void give(Qnn_Tensor_t* tensor, std::vector<T>& values) {
  tensor->v1.clientBuf = {values.data(), static_cast<uint32_t>(values.size() * sizeof(T))};
}

/// An op config over lists that the caller keeps.
inline Qnn_OpConfig_t node(const char* name, const char* type, std::vector<Qnn_Tensor_t>& inputs,
                           std::vector<Qnn_Tensor_t>& outputs) {
  Qnn_OpConfig_t config = QNN_OPCONFIG_INIT;
  config.v1.name = name;
  config.v1.packageName = QNN_OP_PACKAGE_NAME_QTI_AISW;
  config.v1.typeName = type;
  config.v1.numOfInputs = static_cast<uint32_t>(inputs.size());
  config.v1.inputTensors = inputs.data();
  config.v1.numOfOutputs = static_cast<uint32_t>(outputs.size());
  config.v1.outputTensors = outputs.data();
  return config;
}

/// All messages of a backend, from any thread.
inline std::string& messages() {
  static std::string text;
  return text;
}
inline void keep_message(const char* format, QnnLog_Level_t level, uint64_t, va_list arguments) {
  char line[2000];
  vsnprintf(line, sizeof line, format, arguments);
  messages() += "[" + std::to_string(level) + "] " + line + "\n";
}

inline bool told(const std::string& text) {
  return messages().find(text) != std::string::npos;
}

/// Logger, backend and context, freed in the reverse order.
class Session : public testing::Test {
 protected:
  void SetUp() override {
    messages().clear();
    ASSERT_OK(qnn().logCreate(keep_message, QNN_LOG_LEVEL_WARN, &log_));
    ASSERT_OK(qnn().backendCreate(log_, nullptr, &backend_));
    ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &context_));
  }
  void TearDown() override {
    EXPECT_CODE(0, qnn().contextFree(context_, nullptr));
    EXPECT_CODE(0, qnn().backendFree(backend_));
    EXPECT_CODE(0, qnn().logFree(log_));
  }

  Qnn_GraphHandle_t create_graph(const char* name = "graph") {
    Qnn_GraphHandle_t graph = nullptr;
    EXPECT_CODE(0, qnn().graphCreate(context_, name, nullptr, &graph));
    return graph;
  }
  void create(Qnn_GraphHandle_t graph, Qnn_Tensor_t* tensor) {
    EXPECT_CODE(0, qnn().tensorCreateGraphTensor(graph, tensor)) << messages();
  }

  Qnn_LogHandle_t log_ = nullptr;
  Qnn_BackendHandle_t backend_ = nullptr;
  Qnn_ContextHandle_t context_ = nullptr;
  Tensors tensors_;
};

/// A graph of two nodes: sum = x + bias, y = Relu(sum). x and y have 4 elements.
class SmallGraph : public Session {
 protected:
  void SetUp() override {
    Session::SetUp();
    graph_ = create_graph();
    x_ = tensors_.make("x", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_FLOAT_32, {1, 4});
    bias_ = tensors_.constant<float>("bias", QNN_DATATYPE_FLOAT_32, {4}, {1, -1, 0.5f, -0.5f});
    sum_ = tensors_.make("sum", QNN_TENSOR_TYPE_NATIVE, QNN_DATATYPE_FLOAT_32, {1, 4});
    y_ = tensors_.make("y", QNN_TENSOR_TYPE_APP_READ, QNN_DATATYPE_FLOAT_32, {1, 4});
    for (Qnn_Tensor_t* tensor : {&x_, &bias_, &sum_, &y_}) create(graph_, tensor);
    add_nodes();
  }
  void add_nodes() {
    std::vector<Qnn_Tensor_t> in{x_, bias_}, out{sum_};
    ASSERT_OK(qnn().graphAddNode(graph_, node("add", "ElementWiseAdd", in, out))) << messages();
    std::vector<Qnn_Tensor_t> in2{sum_}, out2{y_};
    ASSERT_OK(qnn().graphAddNode(graph_, node("relu", "Relu", in2, out2))) << messages();
  }
  void finalize() {
    ASSERT_OK(qnn().graphFinalize(graph_, nullptr, nullptr)) << messages();
    give(&x_, input_);
    give(&y_, output_);
  }
  Qnn_ErrorHandle_t execute(Qnn_ProfileHandle_t profile = nullptr) {
    return qnn().graphExecute(graph_, &x_, 1, &y_, 1, profile, nullptr);
  }

  Qnn_GraphHandle_t graph_ = nullptr;
  Qnn_Tensor_t x_, bias_, sum_, y_;
  std::vector<float> input_{1, 2, -3, 0.25f}, output_ = std::vector<float>(4);
  const std::vector<float> expected_{2, 1, 0, 0};
};

}  // namespace client
