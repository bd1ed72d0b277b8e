#pragma once

// One node with its tensors, for tests of kernels.

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "kernel.h"
#include "numerics/float16.h"

namespace qnn_host {

class OpCase {
 public:
  explicit OpCase(const char* type) { node_.type = node_.name = type; }

  /// Numbers are stored in the type: float16 by IEEE rounding (65520 and more: infinity).
  OpCase& input(std::vector<uint32_t> dims, const std::vector<double>& values,
                Qnn_DataType_t dtype = QNN_DATATYPE_FLOAT_16) {
    add(inputs_, std::move(dims), dtype);
    EXPECT_EQ(values.size(), inputs_.back().tensor.elements());
    for (size_t i = 0; i < values.size(); ++i) put(inputs_.back(), i, values[i]);
    return *this;
  }
  /// float16 given by its bits.
  OpCase& bits(std::vector<uint32_t> dims, const std::vector<uint16_t>& bits) {
    add(inputs_, std::move(dims), QNN_DATATYPE_FLOAT_16);
    EXPECT_EQ(bits.size() * 2, inputs_.back().bytes.size());
    if (!bits.empty()) std::memcpy(inputs_.back().bytes.data(), bits.data(), bits.size() * 2);
    return *this;
  }
  /// The last input is a constant of the graph.
  OpCase& constant() {
    inputs_.back().tensor.type = QNN_TENSOR_TYPE_STATIC;
    inputs_.back().tensor.data = inputs_.back().bytes.data();
    return *this;
  }
  /// The last input is computed by a node of this type.
  OpCase& produced_by(const char* type) {
    producers_.emplace_back();
    producers_.back().type = type;
    inputs_.back().producer = &producers_.back();
    return *this;
  }
  OpCase& output(std::vector<uint32_t> dims, Qnn_DataType_t dtype = QNN_DATATYPE_FLOAT_16) {
    add(outputs_, std::move(dims), dtype);
    return *this;
  }
  template <typename T>
  OpCase& param(const char* name, T value, Qnn_DataType_t dtype) {
    node_.params.push_back({name, dtype, false, {}, std::vector<uint8_t>(sizeof value)});
    std::memcpy(node_.params.back().bytes.data(), &value, sizeof value);
    return *this;
  }
  OpCase& u32(const char* name, uint32_t value) { return param(name, value, QNN_DATATYPE_UINT_32); }
  OpCase& i32(const char* name, int32_t value) { return param(name, value, QNN_DATATYPE_INT_32); }
  OpCase& f32(const char* name, float value) { return param(name, value, QNN_DATATYPE_FLOAT_32); }
  OpCase& flag(const char* name, bool value) {
    return param(name, static_cast<uint8_t>(value), QNN_DATATYPE_BOOL_8);
  }
  OpCase& list(const char* name, const std::vector<int32_t>& values) {
    node_.params.push_back({name,
                            QNN_DATATYPE_UINT_32,
                            true,
                            {static_cast<uint32_t>(values.size())},
                            std::vector<uint8_t>(values.size() * 4)});
    if (!values.empty())
      std::memcpy(node_.params.back().bytes.data(), values.data(), values.size() * 4);
    return *this;
  }

  /// What `check` says: empty when it accepts the node.
  std::string fault() const {
    const OpEntry* entry = find_op(node_.type);
    return entry == nullptr ? "no such op" : entry->check(op());
  }

  /// Runs the reference kernel; `fault()` must be empty.
  OpCase& run() {
    EXPECT_EQ(fault(), "");
    if (testing::Test::HasFailure()) return *this;
    std::vector<const void*> from;
    std::vector<void*> to;
    for (Slot& slot : inputs_) from.push_back(slot.bytes.data());
    for (Slot& slot : outputs_) to.push_back(slot.bytes.data());
    find_op(node_.type)->reference(op())->run({from.data(), to.data(), nullptr});
    return *this;
  }

  std::vector<double> values(size_t output = 0) const {
    const Slot& slot = outputs_[output];
    std::vector<double> values;
    for (size_t i = 0; i < slot.tensor.elements(); ++i) values.push_back(get(slot, i));
    return values;
  }
  std::vector<uint16_t> halves(size_t output = 0) const {
    std::vector<uint16_t> bits(outputs_[output].bytes.size() / 2);
    if (!bits.empty()) std::memcpy(bits.data(), outputs_[output].bytes.data(), bits.size() * 2);
    return bits;
  }

  Op op() const {
    Op op{node_, {}, {}, {}};
    for (const Slot& slot : inputs_) {
      op.inputs.push_back(&slot.tensor);
      op.producers.push_back(slot.producer);
    }
    for (const Slot& slot : outputs_) op.outputs.push_back(&slot.tensor);
    return op;
  }

 private:
  struct Slot {
    Tensor tensor;
    std::vector<uint8_t> bytes;
    const Node* producer = nullptr;
  };

  void add(std::deque<Slot>& slots, std::vector<uint32_t> dims, Qnn_DataType_t dtype) {
    slots.emplace_back();
    Tensor& tensor = slots.back().tensor;
    tensor.name = (&slots == &inputs_ ? "in" : "out") + std::to_string(slots.size() - 1);
    tensor.type = QNN_TENSOR_TYPE_NATIVE;
    tensor.dtype = dtype;
    tensor.dims = std::move(dims);
    // Sizes that `check` is to refuse are not allocated.
    if (tensor.bytes() < 1 << 26) slots.back().bytes.resize(tensor.bytes());
  }

  template <typename T>
  static void store(Slot& slot, size_t i, T value) {
    std::memcpy(slot.bytes.data() + i * sizeof value, &value, sizeof value);
  }
  template <typename T>
  static double load(const Slot& slot, size_t i) {
    T value;
    std::memcpy(&value, slot.bytes.data() + i * sizeof value, sizeof value);
    return static_cast<double>(value);
  }
  static void put(Slot& slot, size_t i, double value) {
    switch (slot.tensor.dtype) {
      case QNN_DATATYPE_FLOAT_16:
        return store(slot, i, ieee_half(value));
      case QNN_DATATYPE_FLOAT_32:
        return store(slot, i, static_cast<float>(value));
      case QNN_DATATYPE_INT_32:
        return store(slot, i, static_cast<int32_t>(value));
      case QNN_DATATYPE_UINT_32:
        return store(slot, i, static_cast<uint32_t>(value));
      default:
        return store(slot, i, static_cast<uint8_t>(value));
    }
  }
  static double get(const Slot& slot, size_t i) {
    switch (slot.tensor.dtype) {
      case QNN_DATATYPE_FLOAT_16: {
        uint16_t bits;
        std::memcpy(&bits, slot.bytes.data() + i * 2, 2);
        return ieee_value(bits);
      }
      case QNN_DATATYPE_FLOAT_32:
        return load<float>(slot, i);
      case QNN_DATATYPE_INT_32:
        return load<int32_t>(slot, i);
      case QNN_DATATYPE_UINT_32:
        return load<uint32_t>(slot, i);
      case QNN_DATATYPE_INT_8:
        return load<int8_t>(slot, i);
      default:
        return load<uint8_t>(slot, i);
    }
  }

  Node node_;
  std::deque<Slot> inputs_, outputs_;
  std::deque<Node> producers_;
};

}  // namespace qnn_host
