#include "graph.h"

#include "context.h"
#include "fault.h"

using namespace qnn_host;

namespace {

/// Profile and signal of a call; both may be null.
Fault find_extras(Qnn_ProfileHandle_t profile, Qnn_SignalHandle_t signal,
                  std::shared_ptr<Profile>* found) {
  *found = Registry::instance().find<Profile>(profile);
  if (profile != nullptr && *found == nullptr)
    return {QNN_GRAPH_ERROR_SET_PROFILE, bad_handle("profile", profile)};
  if (signal != nullptr) return {QNN_GRAPH_ERROR_UNSUPPORTED_FEATURE, "signals are not supported"};
  return {};
}

/// Calls `call(graph)` for a valid handle.
template <typename Call>
Qnn_ErrorHandle_t with_graph(Qnn_GraphHandle_t handle, Call call) {
  const auto graph = Registry::instance().find<Graph>(handle);
  if (graph == nullptr)
    return report(nullptr, QNN_GRAPH_ERROR_INVALID_HANDLE, bad_handle("graph", handle));
  return report(graph->log(), call(*graph));
}

/// Calls `call(context)` for a valid handle, while no other thread makes or frees graphs.
template <typename Call>
Qnn_ErrorHandle_t with_context(Qnn_ContextHandle_t handle, Call call) {
  std::shared_ptr<Context> context;
  Fault fault;
  {
    const std::lock_guard<std::mutex> family(Registry::instance().family());
    context = Registry::instance().find<Context>(handle);
    if (context != nullptr) fault = call(*context);
  }
  // Callbacks of the log run without the lock.
  if (context == nullptr)
    return report(nullptr, QNN_GRAPH_ERROR_INVALID_HANDLE, bad_handle("context", handle));
  return report(context->log(), fault);
}

Qnn_ErrorHandle_t unsupported(Qnn_GraphHandle_t handle, const char* what) {
  return with_graph(handle, [=](Graph&) -> Fault {
    return {QNN_GRAPH_ERROR_UNSUPPORTED_FEATURE, std::string(what) + " not supported"};
  });
}

}  // namespace

Qnn_ErrorHandle_t QnnGraph_create(Qnn_ContextHandle_t contextHandle, const char* graphName,
                                  const QnnGraph_Config_t** config,
                                  Qnn_GraphHandle_t* graphHandle) {
  return with_context(contextHandle, [=](Context& context) -> Fault {
    if (graphName == nullptr || *graphName == '\0')
      return {QNN_GRAPH_ERROR_INVALID_NAME, "the graph has no name"};
    if (graphHandle == nullptr)
      return {QNN_GRAPH_ERROR_INVALID_ARGUMENT, null_argument("graphHandle")};
    if (context.graphs.count(graphName) > 0)
      return {QNN_GRAPH_ERROR_INVALID_NAME,
              std::string("the context has a graph ") + graphName + " already"};
    const auto graph =
        std::make_shared<Graph>(graphName, context.shared_log(), context.tensor_ids());
    if (Fault fault = graph->configure(config)) return fault;
    void* handle = context.adopt(graph);
    if (handle == nullptr) return {QNN_GRAPH_ERROR_MEM_ALLOC, "there are too many handles"};
    *graphHandle = handle;
    return {};
  });
}

Qnn_ErrorHandle_t QnnGraph_createSubgraph(Qnn_GraphHandle_t graphHandle, const char*,
                                          Qnn_GraphHandle_t*) {
  return unsupported(graphHandle, "subgraphs are");
}

Qnn_ErrorHandle_t QnnGraph_setConfig(Qnn_GraphHandle_t graphHandle,
                                     const QnnGraph_Config_t** config) {
  return with_graph(graphHandle, [=](Graph& graph) -> Fault {
    if (config == nullptr) return {QNN_GRAPH_ERROR_INVALID_ARGUMENT, null_argument("config")};
    return graph.configure(config);
  });
}

Qnn_ErrorHandle_t QnnGraph_getProperty(Qnn_GraphHandle_t graphHandle,
                                       QnnGraph_Property_t** properties) {
  return with_graph(graphHandle, [=](Graph&) -> Fault {
    if (properties == nullptr)
      return {QNN_GRAPH_ERROR_INVALID_ARGUMENT, null_argument("properties")};
    return {QNN_GRAPH_ERROR_UNSUPPORTED_FEATURE, "graphs have no properties"};
  });
}

Qnn_ErrorHandle_t QnnGraph_addNode(Qnn_GraphHandle_t graphHandle, Qnn_OpConfig_t opConfig) {
  return with_graph(graphHandle, [&](Graph& graph) { return graph.add_node(opConfig); });
}

Qnn_ErrorHandle_t QnnGraph_finalize(Qnn_GraphHandle_t graphHandle,
                                    Qnn_ProfileHandle_t profileHandle,
                                    Qnn_SignalHandle_t signalHandle) {
  return with_graph(graphHandle, [=](Graph& graph) -> Fault {
    std::shared_ptr<Profile> profile;
    if (Fault fault = find_extras(profileHandle, signalHandle, &profile)) return fault;
    return graph.finalize(profile.get());
  });
}

Qnn_ErrorHandle_t QnnGraph_retrieve(Qnn_ContextHandle_t contextHandle, const char* graphName,
                                    Qnn_GraphHandle_t* graphHandle) {
  return with_context(contextHandle, [=](Context& context) -> Fault {
    if (graphHandle == nullptr)
      return {QNN_GRAPH_ERROR_INVALID_ARGUMENT, null_argument("graphHandle")};
    const std::string name = graphName != nullptr ? graphName : "";
    const auto found = context.graphs.find(name);
    if (found == context.graphs.end())
      return {QNN_GRAPH_ERROR_INVALID_NAME, "the context has no graph \"" + name + "\""};
    *graphHandle = found->second.handle;
    return {};
  });
}

Qnn_ErrorHandle_t QnnGraph_prepareExecutionEnvironment(Qnn_GraphHandle_t graphHandle,
                                                       QnnGraph_ExecuteEnvironment_t**, uint32_t) {
  return unsupported(graphHandle, "execution environments are");
}

Qnn_ErrorHandle_t QnnGraph_execute(Qnn_GraphHandle_t graphHandle, const Qnn_Tensor_t* inputs,
                                   uint32_t numInputs, Qnn_Tensor_t* outputs, uint32_t numOutputs,
                                   Qnn_ProfileHandle_t profileHandle,
                                   Qnn_SignalHandle_t signalHandle) {
  return with_graph(graphHandle, [=](Graph& graph) -> Fault {
    std::shared_ptr<Profile> profile;
    if (Fault fault = find_extras(profileHandle, signalHandle, &profile)) return fault;
    return graph.execute(inputs, numInputs, outputs, numOutputs, profile.get());
  });
}

Qnn_ErrorHandle_t QnnGraph_executeAsync(Qnn_GraphHandle_t graphHandle, const Qnn_Tensor_t*,
                                        uint32_t, Qnn_Tensor_t*, uint32_t, Qnn_ProfileHandle_t,
                                        Qnn_SignalHandle_t, Qnn_NotifyFn_t, void*) {
  return unsupported(graphHandle, "asynchronous execution is");
}

Qnn_ErrorHandle_t QnnGraph_releaseExecutionEnvironment(Qnn_GraphHandle_t graphHandle,
                                                       const QnnGraph_ExecuteEnvironment_t**,
                                                       uint32_t) {
  return unsupported(graphHandle, "execution environments are");
}
