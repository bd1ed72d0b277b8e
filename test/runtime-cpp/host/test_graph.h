#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "executor.h"
#include "numerics/float16.h"

namespace qnn_host {

/// Bytes of values as a tensor of this type holds them. float16 is rounded to nearest even.
inline std::vector<uint8_t> encode(Qnn_DataType_t dtype, const std::vector<float>& values) {
  std::vector<uint8_t> bytes(values.size() * element_size(dtype));
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t half = ieee_half(static_cast<double>(values[i]));
    const int32_t whole = static_cast<int32_t>(values[i]);
    const void* from = dtype == QNN_DATATYPE_FLOAT_16   ? static_cast<const void*>(&half)
                       : dtype == QNN_DATATYPE_FLOAT_32 ? static_cast<const void*>(&values[i])
                                                        : static_cast<const void*>(&whole);
    std::memcpy(&bytes[i * element_size(dtype)], from, element_size(dtype));
  }
  return bytes;
}

inline std::vector<float> decode(Qnn_DataType_t dtype, const std::vector<uint8_t>& bytes) {
  std::vector<float> values(bytes.size() / element_size(dtype));
  for (size_t i = 0; i < values.size(); ++i) {
    if (dtype == QNN_DATATYPE_FLOAT_32) {
      std::memcpy(&values[i], &bytes[4 * i], 4);
    } else {
      uint16_t half;
      std::memcpy(&half, &bytes[2 * i], 2);
      values[i] = static_cast<float>(ieee_value(half));
    }
  }
  return values;
}

/// Puts graph models together for tests. Tensors are of one float type, given at the start.
class TestGraph {
 public:
  using Scalars = std::map<std::string, double>;
  using Lists = std::map<std::string, std::vector<uint32_t>>;

  explicit TestGraph(Qnn_DataType_t dtype = QNN_DATATYPE_FLOAT_16) : dtype_(dtype) {}

  GraphModel& model() { return model_; }

  uint32_t input(const std::string& name, std::vector<uint32_t> dims) {
    return tensor(name, QNN_TENSOR_TYPE_APP_WRITE, dtype_, std::move(dims));
  }
  uint32_t output(const std::string& name, std::vector<uint32_t> dims) {
    return tensor(name, QNN_TENSOR_TYPE_APP_READ, dtype_, std::move(dims));
  }
  uint32_t value(const std::string& name, std::vector<uint32_t> dims) {
    return tensor(name, QNN_TENSOR_TYPE_NATIVE, dtype_, std::move(dims));
  }
  uint32_t constant(const std::string& name, std::vector<uint32_t> dims,
                    const std::vector<float>& values) {
    return constant_bytes(name, dtype_, std::move(dims), encode(dtype_, values));
  }
  uint32_t constant_bytes(const std::string& name, Qnn_DataType_t dtype, std::vector<uint32_t> dims,
                          std::vector<uint8_t> bytes) {
    const uint32_t index = tensor(name, QNN_TENSOR_TYPE_STATIC, dtype, std::move(dims));
    auto owner = std::make_shared<std::vector<uint8_t>>(std::move(bytes));
    model_.tensors[index].data = owner->data();
    model_.tensors[index].owner = owner;
    return index;
  }
  uint32_t tensor(const std::string& name, Qnn_TensorType_t type, Qnn_DataType_t dtype,
                  std::vector<uint32_t> dims) {
    Tensor tensor;
    tensor.name = name;
    tensor.type = type;
    tensor.dtype = dtype;
    tensor.dims = std::move(dims);
    model_.tensors.push_back(std::move(tensor));
    return static_cast<uint32_t>(model_.tensors.size() - 1);
  }

  Node make_node(const std::string& type, std::vector<uint32_t> inputs,
                 std::vector<uint32_t> outputs, const Scalars& scalars = {},
                 const Lists& lists = {}) {
    Node node;
    node.name = model_.tensors[outputs[0]].name + "." + type;
    node.type = type;
    node.inputs = std::move(inputs);
    node.outputs = std::move(outputs);
    for (const auto& [name, number] : scalars) {
      Param param;
      param.name = name;
      param.bytes.resize(4);
      const bool is_float = name == "epsilon";
      const float real = static_cast<float>(number);
      const auto whole = static_cast<uint32_t>(number);
      param.dtype = is_float ? QNN_DATATYPE_FLOAT_32 : QNN_DATATYPE_UINT_32;
      std::memcpy(param.bytes.data(), is_float ? static_cast<const void*>(&real) : &whole, 4);
      node.params.push_back(std::move(param));
    }
    for (const auto& [name, numbers] : lists) {
      Param param;
      param.name = name;
      param.is_tensor = true;
      param.dtype = QNN_DATATYPE_UINT_32;
      param.dims = {static_cast<uint32_t>(numbers.size())};
      param.bytes.resize(4 * numbers.size());
      std::memcpy(param.bytes.data(), numbers.data(), param.bytes.size());
      node.params.push_back(std::move(param));
    }
    return node;
  }
  void node(const std::string& type, std::vector<uint32_t> inputs, std::vector<uint32_t> outputs,
            const Scalars& scalars = {}, const Lists& lists = {}) {
    model_.nodes.push_back(make_node(type, std::move(inputs), std::move(outputs), scalars, lists));
  }

 private:
  const Qnn_DataType_t dtype_;
  GraphModel model_;
};

/// A graph with memory for its inputs and outputs.
class TestRun {
 public:
  explicit TestRun(const GraphModel& model, const ExecutorOptions& options = {}) : model_(model) {
    std::string message;
    executor_ = Executor::create(model, options, &message);
    EXPECT_NE(executor_, nullptr) << message;
    buffers_.resize(model.tensors.size());
    for (size_t i = 0; i < buffers_.size(); ++i) {
      if (model.tensors[i].type == QNN_TENSOR_TYPE_APP_WRITE ||
          model.tensors[i].type == QNN_TENSOR_TYPE_APP_READ)
        buffers_[i].resize(model.tensors[i].bytes(), 0xA5);
    }
  }

  Executor& executor() { return *executor_; }
  std::vector<uint8_t>& bytes(uint32_t tensor) { return buffers_[tensor]; }
  void set(uint32_t tensor, const std::vector<float>& values) {
    buffers_[tensor] = encode(model_.tensors[tensor].dtype, values);
  }
  std::vector<float> get(uint32_t tensor) {
    return decode(model_.tensors[tensor].dtype, buffers_[tensor]);
  }
  void execute() {
    std::vector<void*> pointers;
    for (std::vector<uint8_t>& buffer : buffers_) pointers.push_back(buffer.data());
    executor_->execute(pointers.data(), nullptr);
  }

 private:
  const GraphModel& model_;
  std::unique_ptr<Executor> executor_;
  std::vector<std::vector<uint8_t>> buffers_;
};

}  // namespace qnn_host
