#include "graph.h"

namespace rwkv {
namespace {

int find(const std::vector<TensorInfo>& infos, const std::string& name) {
  for (size_t i = 0; i < infos.size(); ++i) {
    if (infos[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

/// Name of the first tensor without a buffer, or empty.
std::string first_unbound(const std::vector<Qnn_Tensor_t>& tensors) {
  for (const Qnn_Tensor_t& tensor : tensors) {
    if (tensor.v1.clientBuf.data == nullptr) return tensor.v1.name;
  }
  return "";
}

}  // namespace

Graph::Graph(const Api& api, Qnn_GraphHandle_t handle, std::string name,
             std::vector<TensorInfo> inputs, std::vector<TensorInfo> outputs)
    : api_(&api),
      handle_(handle),
      name_(std::move(name)),
      inputs_(std::move(inputs)),
      outputs_(std::move(outputs)) {
  for (const TensorInfo& info : inputs_) input_tensors_.push_back(info.bind(nullptr));
  for (const TensorInfo& info : outputs_) output_tensors_.push_back(info.bind(nullptr));
}

Graph Graph::composed(const Api& api, Qnn_GraphHandle_t handle, std::string name,
                      std::vector<TensorInfo> inputs, std::vector<TensorInfo> outputs) {
  return Graph(api, handle, std::move(name), std::move(inputs), std::move(outputs));
}

Result<Graph> Graph::retrieve(const Api& api, const Context& context, std::string name,
                              std::vector<TensorInfo> inputs, std::vector<TensorInfo> outputs) {
  const Call call("QnnGraph_retrieve", "graph \"" + name + "\"");
  if (api.fn.graphRetrieve == nullptr) return call.missing_slot();
  Qnn_GraphHandle_t handle = nullptr;
  RWKV_TRY(call.check(api.fn.graphRetrieve(context.handle(), name.c_str(), &handle)));
  return Graph(api, handle, std::move(name), std::move(inputs), std::move(outputs));
}

int Graph::find_input(const std::string& name) const {
  return find(inputs_, name);
}
int Graph::find_output(const std::string& name) const {
  return find(outputs_, name);
}

void Graph::bind_input(size_t index, void* data) {
  input_tensors_[index].v1.clientBuf.data = data;
}
void Graph::bind_output(size_t index, void* data) {
  output_tensors_[index].v1.clientBuf.data = data;
}

Status Graph::finalize(const Profile& profile) {
  const Call call("QnnGraph_finalize", "graph \"" + name_ + "\"");
  if (api_->fn.graphFinalize == nullptr) return call.missing_slot();
  return call.check(api_->fn.graphFinalize(handle_, profile.handle(), nullptr));
}

Status Graph::execute() {
  const std::string unbound = first_unbound(input_tensors_) + first_unbound(output_tensors_);
  if (!unbound.empty()) {
    return internal_error("graph/unbound",
                          "tensor " + unbound + " of graph " + name_ + " has no buffer");
  }
  const Call call("QnnGraph_execute", "graph \"" + name_ + "\"");
  if (api_->fn.graphExecute == nullptr) return call.missing_slot();
  return call.check(api_->fn.graphExecute(
      handle_, input_tensors_.data(), static_cast<uint32_t>(input_tensors_.size()),
      output_tensors_.data(), static_cast<uint32_t>(output_tensors_.size()), nullptr, nullptr));
}

}  // namespace rwkv
