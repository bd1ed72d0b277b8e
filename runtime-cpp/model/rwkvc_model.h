// What a generated model (model.cpp) is written with: a Graph to which nodes are added one after
// the other.
//
// Errors are sticky. The first failing call is reported through the client's log callback (or on
// stderr) with node, op, tensors, status and spec line; every later call does nothing and returns
// an empty Tensor; the library then answers the client with the ModelError_t of that first failure.
// So model code needs no status checks of its own.
//
// Plain C++17 without the standard library's containers: a model has to compile in a fraction of a
// second, and its library must not depend on a C++ runtime.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "QnnInterface.h"
#include "QnnModelApi.h"
#include "arena.h"

namespace rwkvc {

class Composer;
struct Boundary;

constexpr uint32_t kMaxRank = 8;

// Where fixed-point values lie: real = (stored + offset) * scale.
struct Grid {
  float scale;
  int32_t offset;
};

// How the values of a tensor become real numbers.
enum class Scales : uint8_t {
  kNone,      // they are floats
  kGrid,      // one grid, known here
  kStored,    // one grid, which lies behind the values in the weights file
  kChannels,  // one scale per extent of axis 0, behind the values
  kBlocks,    // as well, times an integer for each `block` values along axis 1
};

// Data type and shape of a tensor.
struct Type {
  Qnn_DataType_t dtype;
  uint32_t rank;
  uint32_t dims[kMaxRank];
  Scales scales = Scales::kNone;
  Grid grid = {0.0f, 0};
  uint32_t block = 0;
};

template <typename... Extent>
constexpr Type tensor_type(Qnn_DataType_t dtype, Extent... dims) {
  static_assert(sizeof...(dims) <= kMaxRank, "QNN tensors have at most 8 axes");
  return Type{dtype, static_cast<uint32_t>(sizeof...(dims)), {static_cast<uint32_t>(dims)...}};
}
template <typename... Extent>
constexpr Type stored_type(Qnn_DataType_t dtype, Scales scales, Extent... dims) {
  Type type = tensor_type(dtype, dims...);
  type.scales = scales;
  return type;
}

// f16(1, 1, 1, 1024): float16 [1, 1, 1, 1024].
template <typename... Extent>
constexpr Type f16(Extent... dims) {
  return tensor_type(QNN_DATATYPE_FLOAT_16, dims...);
}
template <typename... Extent>
constexpr Type f32(Extent... dims) {
  return tensor_type(QNN_DATATYPE_FLOAT_32, dims...);
}
template <typename... Extent>
constexpr Type i32(Extent... dims) {
  return tensor_type(QNN_DATATYPE_INT_32, dims...);
}
template <typename... Extent>
constexpr Type u32(Extent... dims) {
  return tensor_type(QNN_DATATYPE_UINT_32, dims...);
}
template <typename... Extent>
constexpr Type bool8(Extent... dims) {
  return tensor_type(QNN_DATATYPE_BOOL_8, dims...);
}

// uq16({1.5e-5f, -32768}, 1, 1024): values on a grid of 16 bits.
template <typename... Extent>
constexpr Type uq16(Grid grid, Extent... dims) {
  Type type = stored_type(QNN_DATATYPE_UFIXED_POINT_16, Scales::kGrid, dims...);
  type.grid = grid;
  return type;
}
// Constants in fixed point; their scales lie in the weights file, behind the values.
template <typename... Extent>
constexpr Type uq16_stored(Extent... dims) {
  return stored_type(QNN_DATATYPE_UFIXED_POINT_16, Scales::kStored, dims...);
}
template <typename... Extent>
constexpr Type sq16(Extent... dims) {
  return stored_type(QNN_DATATYPE_SFIXED_POINT_16, Scales::kStored, dims...);
}
template <typename... Extent>
constexpr Type sq32(Extent... dims) {
  return stored_type(QNN_DATATYPE_SFIXED_POINT_32, Scales::kStored, dims...);
}
// A weight [out features, in features] of 8 or 4 bits, with a scale for each out feature.
constexpr Type sq8(uint32_t rows, uint32_t columns) {
  return stored_type(QNN_DATATYPE_SFIXED_POINT_8, Scales::kChannels, rows, columns);
}
constexpr Type sq4(uint32_t rows, uint32_t columns) {
  return stored_type(QNN_DATATYPE_SFIXED_POINT_4, Scales::kChannels, rows, columns);
}
// ... and a factor from 1 to 16 for each `block` in features.
constexpr Type sq4_blocks(uint32_t block, uint32_t rows, uint32_t columns) {
  Type type = stored_type(QNN_DATATYPE_SFIXED_POINT_4, Scales::kBlocks, rows, columns);
  type.block = block;
  return type;
}

// A tensor of the graph under construction; a handle to be passed by value. Lives as long as its
// Graph.
struct Tensor {
  const Qnn_Tensor_t* qnn = nullptr;
};

// Outputs of a node that has several.
struct Tensors {
  const Tensor* items = nullptr;
  uint32_t count = 0;
  // Empty (and so an error at its first use) past the end.
  Tensor operator[](uint32_t i) const { return i < count ? items[i] : Tensor{}; }
};

// What a node produces: a value inside the graph. The first one of a node has the name that `add`
// is given.
struct Out {
  Out(const Type& value_type) : type(value_type) {}  // implicit: f16(1, 64) is an Out
  Out(const char* tensor_name, const Type& value_type, bool is_graph_output = false)
      : name(tensor_name), type(value_type), graph_output(is_graph_output) {}
  const char* name = nullptr;
  Type type;
  bool graph_output = false;
};

// A value that the client reads (APP_READ); nodes may read it too.
inline Out output(const Type& type) {
  return Out(nullptr, type, true);
}
inline Out output(const char* name, const Type& type) {
  return Out(name, type, true);
}

// A node's parameter. `{"axis", 3u}` is a scalar; `values("axes", {3u})` a static tensor. The
// arrays are only borrowed: build parameters inside the call of `add`.
struct Param {
  Param(const char* param_name, bool value) : name(param_name) {
    set(QNN_DATATYPE_BOOL_8).bool8Value = value ? 1 : 0;
  }
  Param(const char* param_name, float value) : name(param_name) {
    set(QNN_DATATYPE_FLOAT_32).floatValue = value;
  }
  Param(const char* param_name, uint32_t value) : name(param_name) {
    set(QNN_DATATYPE_UINT_32).uint32Value = value;
  }
  Param(const char* param_name, int32_t value) : name(param_name) {
    set(QNN_DATATYPE_INT_32).int32Value = value;
  }
  Param(const char* param_name, const Type& value_type, const void* values)
      : name(param_name), type(value_type), data(values) {}

  const char* name;
  Qnn_Scalar_t scalar = QNN_SCALAR_INIT;
  Type type = {QNN_DATATYPE_UNDEFINED, 0, {}};
  const void* data = nullptr;  // null: scalar

 private:
  Qnn_Scalar_t& set(Qnn_DataType_t dtype) {
    scalar.dataType = dtype;
    return scalar;
  }
};

// One axis: values("perm", {0u, 2u, 1u}).
template <size_t N>
Param values(const char* name, const uint32_t (&data)[N]) {
  return Param(name, u32(N), data);
}
template <size_t N>
Param values(const char* name, const int32_t (&data)[N]) {
  return Param(name, i32(N), data);
}
// Several axes: values("ranges", u32(2, 3), {0, 1, 1, 0, 64, 1}).
template <size_t N>
Param values(const char* name, const Type& type, const uint32_t (&data)[N]) {
  return Param(name, type, data);
}
template <size_t N>
Param values(const char* name, const Type& type, const int32_t (&data)[N]) {
  return Param(name, type, data);
}

// A graph under construction.
class Graph {
 public:
  Graph(Composer& composer, const char* name);
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // The number that `{}` stands for in the names of tensors and nodes from here on.
  void layer(uint32_t number) { layer_ = number; }
  // The number that `[]` stands for in the names of tensors and nodes from here on.
  void token(uint32_t number) { token_ = number; }
  // The spec's line that the nodes from here on come from; for messages.
  void at(const char* spec, uint32_t line) {
    spec_ = spec;
    line_ = line;
  }

  // A tensor that the client writes.
  Tensor input(const char* name, const Type& type);
  // A constant: the bytes at `offset` of the weights file, which stay mapped until the library is
  // unloaded. The same name gives the same tensor: functions that share a constant need not hand it
  // around. Values of 4 bits are packed in the file; backends without packed tensors get them in
  // cells of 8 bits.
  Tensor weight(const char* name, uint64_t offset, const Type& type);

  // Adds a node of package "qti.aisw" after the backend has found it valid. `name` is that of its
  // (first) value and unique in the graph; the node itself is called name.op.
  Tensor add(const char* name, const char* op, std::initializer_list<Tensor> inputs,
             std::initializer_list<Param> params, const Out& output);
  Tensors add(const char* name, const char* op, std::initializer_list<Tensor> inputs,
              std::initializer_list<Param> params, std::initializer_list<Out> outputs);
  // The same with all of `inputs`.
  Tensor add(const char* name, const char* op, const Tensors& inputs,
             std::initializer_list<Param> params, const Out& output);
  // Adds a Split of `input` along its first axis into `count` equal parts of this type. `[]` in
  // `name` is each part's number.
  Tensors split(const char* name, Tensor input, uint32_t count, const Type& type);
  // Another name for the node that is added next.
  void name_node(const char* name) { node_name_ = name; }

 private:
  friend class Composer;
  struct Node;

  Tensors add_node(const char* name, const char* op, const Tensors& inputs,
                   std::initializer_list<Param> params, const Out* outputs, uint32_t count);
  bool take_inputs(Node& node, const Tensors& inputs);
  bool create_params(Node& node, std::initializer_list<Param> params);
  bool create_outputs(Node& node, const char* name, const Out* outputs, uint32_t count);
  Qnn_Tensor_t* create(const char* name, Qnn_TensorType_t kind, const Type& type, const void* data,
                       uint64_t bytes);
  char* full_name(const char* pattern);
  char* joined_name(const char* left, const char* right);
  const Qnn_Tensor_t* known_weight(const char* name) const;
  void fail_node(ModelError_t error, const Node& node, const char* what, Qnn_ErrorHandle_t status);
  Tensors out_of_memory();

  Composer& composer_;
  Arena arena_;
  Qnn_GraphHandle_t handle_ = nullptr;
  char* name_ = nullptr;
  uint32_t layer_ = 0;
  uint32_t token_ = 0;
  const char* spec_ = nullptr;
  uint32_t line_ = 0;
  const char* node_name_ = nullptr;
  Boundary* weights_ = nullptr;  // newest first
  // Boundary tensors in creation order, as GraphInfo_t wants them.
  Boundary* inputs_ = nullptr;
  Boundary* outputs_ = nullptr;
};

// The weights file that belongs to a model: looked for beside the library and two folders up.
struct WeightsFile {
  const char* name;
  uint64_t bytes;
  const char* id;  // 64 hexadecimal digits, equal to those in the file's header
};

struct GraphSource {
  const char* name;
  void (*build)(Graph& graph);
};

// What model.cpp defines, once.
struct ModelSource {
  WeightsFile weights;
  const GraphSource* graphs;
  uint32_t graph_count;
};
extern const ModelSource kModel;

}  // namespace rwkvc
