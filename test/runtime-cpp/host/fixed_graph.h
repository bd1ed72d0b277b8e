#pragma once

// Graphs with fixed-point tensors, for tests.

#include "test_graph.h"

namespace qnn_host {

inline Encoding one_scale(float scale, int32_t offset) {
  Encoding encoding;
  encoding.kind = QNN_QUANTIZATION_ENCODING_SCALE_OFFSET;
  encoding.scales = {scale};
  encoding.offsets = {offset};
  return encoding;
}

class FixedGraph : public TestGraph {
 public:
  uint32_t fixed(const std::string& name, Qnn_TensorType_t type, std::vector<uint32_t> dims,
                 Encoding encoding, Qnn_DataType_t dtype = QNN_DATATYPE_UFIXED_POINT_16) {
    const uint32_t index = tensor(name, type, dtype, std::move(dims));
    model().tensors[index].encoding = std::move(encoding);
    return index;
  }
  template <typename T>
  uint32_t fixed_constant(const std::string& name, Qnn_DataType_t dtype, std::vector<uint32_t> dims,
                          const std::vector<T>& stored, Encoding encoding) {
    std::vector<uint8_t> bytes(stored.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(bytes.data(), stored.data(), bytes.size());
    const uint32_t index = constant_bytes(name, dtype, std::move(dims), std::move(bytes));
    model().tensors[index].encoding = std::move(encoding);
    return index;
  }
};

template <typename T>
void put_stored(TestRun& run, uint32_t tensor, const std::vector<T>& stored) {
  ASSERT_EQ(run.bytes(tensor).size(), stored.size() * sizeof(T));
  std::memcpy(run.bytes(tensor).data(), stored.data(), stored.size() * sizeof(T));
}
template <typename T>
std::vector<T> take_stored(TestRun& run, uint32_t tensor) {
  std::vector<T> stored(run.bytes(tensor).size() / sizeof(T));
  std::memcpy(stored.data(), run.bytes(tensor).data(), stored.size() * sizeof(T));
  return stored;
}

}  // namespace qnn_host
