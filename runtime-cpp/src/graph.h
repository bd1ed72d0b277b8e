#pragma once

#include <string>
#include <vector>

#include "context.h"
#include "tensor_info.h"

namespace rwkv {

/// A graph of a context and the buffers bound to its inputs and outputs. The handle belongs to the
/// context, whose lifetime bounds this. Not for two threads at once.
class Graph {
 public:
  /// A composed graph, with the tensors that its maker lists.
  static Graph composed(const Api& api, Qnn_GraphHandle_t handle, std::string name,
                        std::vector<TensorInfo> inputs, std::vector<TensorInfo> outputs);
  /// A graph of a loaded context, with the tensors that the binary's info lists.
  static Result<Graph> retrieve(const Api& api, const Context& context, std::string name,
                                std::vector<TensorInfo> inputs, std::vector<TensorInfo> outputs);

  // Moving keeps the infos in place (they are on the heap), and so the bound tensors.
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;

  Qnn_GraphHandle_t handle() const { return handle_; }
  const std::string& name() const { return name_; }
  const std::vector<TensorInfo>& inputs() const { return inputs_; }
  const std::vector<TensorInfo>& outputs() const { return outputs_; }
  /// Position of the input (output) of that name, or -1.
  int find_input(const std::string& name) const;
  int find_output(const std::string& name) const;

  /// The buffer, of the tensor's bytes(), that the next executions read (write). It must outlive
  /// them.
  void bind_input(size_t index, void* data);
  void bind_output(size_t index, void* data);

  /// Compiles the graph. `profile` may be empty.
  Status finalize(const Profile& profile);
  /// Runs it once. Every input and output must be bound.
  Status execute();

 private:
  Graph(const Api& api, Qnn_GraphHandle_t handle, std::string name, std::vector<TensorInfo> inputs,
        std::vector<TensorInfo> outputs);

  const Api* api_;
  Qnn_GraphHandle_t handle_;
  std::string name_;
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
  std::vector<Qnn_Tensor_t> input_tensors_;
  std::vector<Qnn_Tensor_t> output_tensors_;
};

}  // namespace rwkv
