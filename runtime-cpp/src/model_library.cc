#include "model_library.h"

#include "wide_model.h"

namespace rwkv {
namespace {

const char* model_error_meaning(ModelError_t status) {
  switch (status) {
    case MODEL_NO_ERROR:
      return "no error";
    case MODEL_TENSOR_ERROR:
      return "a tensor was refused";
    case MODEL_PARAMS_ERROR:
      return "a node's parameters were refused";
    case MODEL_NODES_ERROR:
      return "a node was refused";
    case MODEL_GRAPH_ERROR:
      return "the graph was refused";
    case MODEL_CONTEXT_ERROR:
      return "the context was refused";
    case MODEL_GENERATION_ERROR:
      return "the model library is faulty";
    case MODEL_SETUP_ERROR:
      return "setting up failed";
    case MODEL_INVALID_ARGUMENT_ERROR:
      return "an argument was refused";
    case MODEL_FILE_ERROR:
      return "a file, most likely the weights beside the library, could not be read";
    case MODEL_MEMORY_ALLOCATE_ERROR:
      return "out of memory";
    case MODEL_GRAPH_OP_VALIDATION_ERROR:
      return "the backend does not accept an op of the model";
    case MODEL_UNKNOWN_ERROR:
      return "unknown error";
  }
  return "a code that no header names";
}

}  // namespace

ComposedGraphs& ComposedGraphs::operator=(ComposedGraphs&& other) noexcept {
  std::swap(infos_, other.infos_);
  std::swap(count_, other.count_);
  std::swap(free_, other.free_);
  std::swap(wide_, other.wide_);
  return *this;
}

ComposedGraphs::~ComposedGraphs() {
  if (infos_ == nullptr) return;
  const ModelError_t status = free_(&infos_, count_);
  if (status != MODEL_NO_ERROR) {
    MessageLog::instance().add(QNN_LOG_LEVEL_WARN, std::string("QnnModel_freeGraphsInfo failed: ") +
                                                       model_error_meaning(status));
  }
}

Result<std::vector<Graph>> ComposedGraphs::graphs(const Api& api) const {
  std::vector<Graph> graphs;
  for (uint32_t i = 0; i < count_; ++i) {
    const GraphInfo_t& info = *infos_[i];
    RWKV_ASSIGN(std::vector<TensorInfo> inputs,
                read_tensor_infos(info.inputTensors, info.numInputTensors));
    RWKV_ASSIGN(std::vector<TensorInfo> outputs,
                read_tensor_infos(info.outputTensors, info.numOutputTensors));
    if (wide_) {
      widen(inputs);
      widen(outputs);
    }
    graphs.push_back(Graph::composed(api, info.graph,
                                     info.graphName != nullptr ? info.graphName : "",
                                     std::move(inputs), std::move(outputs)));
  }
  return graphs;
}

Result<ModelLibrary> ModelLibrary::open(const std::string& path) {
  RWKV_ASSIGN(const DynamicLibrary library, DynamicLibrary::open(path));
  RWKV_ASSIGN(void* const compose,
              library.require("QnnModel_composeGraphs", "a QNN model library"));
  RWKV_ASSIGN(void* const free, library.require("QnnModel_freeGraphsInfo", "a QNN model library"));
  return ModelLibrary(library.path(), reinterpret_cast<QnnModel_ComposeGraphsFn_t>(compose),
                      reinterpret_cast<QnnModel_FreeGraphsInfoFn_t>(free));
}

Result<ComposedGraphs> ModelLibrary::compose(const Backend& backend, const Context& context,
                                             GraphOptions& options,
                                             const ComposeOptions& how) const {
  const uint64_t mark = MessageLog::instance().mark();
  const QNN_INTERFACE_VER_TYPE table = how.wide ? widened(backend.api()).fn : backend.api().fn;
  GraphInfo_t** infos = nullptr;
  uint32_t count = 0;
  const ModelError_t status =
      compose_(backend.handle(), table, context.handle(), options.list(), options.count(), &infos,
               &count, how.all_readable, &MessageLog::callback, QNN_LOG_LEVEL_WARN);
  if (status != MODEL_NO_ERROR) {
    Error error =
        input_error("model/compose",
                    "QnnModel_composeGraphs of " + path_ + " failed on " + backend.api().provider +
                        " with " + std::to_string(status) + ": " + model_error_meaning(status));
    error.call = "QnnModel_composeGraphs";
    error.status = static_cast<uint32_t>(status);
    error.log = MessageLog::instance().since(mark);
    if (status == MODEL_GRAPH_OP_VALIDATION_ERROR || status == MODEL_NODES_ERROR) {
      error.hint = "Was the model built for this backend? `rwkvc build --target` chooses it.";
    }
    return error;
  }
  ComposedGraphs graphs(infos, count, free_, how.wide);
  bool whole = infos != nullptr && count > 0;
  for (uint32_t i = 0; whole && i < count; ++i) whole = infos[i] != nullptr;
  if (!whole)
    return input_error("model/no-graphs", "the model library " + path_ + " composed no graphs");
  return graphs;
}

}  // namespace rwkv
