#include "context.h"
#include "context_binary.h"
#include "fault.h"

using namespace qnn_host;

namespace {

/// The graphs of a context, if they can be written: all finalized, none loaded.
Fault collect_graphs(Context& context, std::vector<std::shared_ptr<Graph>>* graphs) {
  if (context.loaded)
    return {QNN_COMMON_ERROR_OPERATION_NOT_PERMITTED,
            "the context was made from a binary: that binary is what it would write"};
  {
    const std::lock_guard<std::mutex> family(Registry::instance().family());
    for (const auto& [name, member] : context.graphs) graphs->push_back(member.graph);
  }
  if (graphs->empty()) return {QNN_CONTEXT_ERROR_NOT_FINALIZED, "the context has no graphs"};
  for (const std::shared_ptr<Graph>& graph : *graphs) {
    if (!graph->finalized())
      return {QNN_CONTEXT_ERROR_NOT_FINALIZED,
              "graph " + graph->name() + " is not finalized (graphFinalize)"};
  }
  return {};
}

Fault load(const Owners& owners, const QnnContext_Config_t* const* config, const void* bytes,
           uint64_t size, Qnn_ContextHandle_t* context, Profile* profile) {
  const Stopwatch stopwatch;
  ContextOptions options;
  if (Fault fault = read_context_config(config, true, &options)) return fault;
  std::vector<std::shared_ptr<Graph>> graphs;
  if (Fault fault = read_binary(bytes, size, options, owners.backend->shared_log(), &graphs))
    return fault;
  for (const std::shared_ptr<Graph>& graph : graphs) {
    if (const Fault fault = graph->finalize(nullptr))
      return {QNN_CONTEXT_ERROR_CREATE_FROM_BINARY, fault.text};
  }
  if (Fault fault = adopt_context(owners, true, graphs, context)) return fault;
  if (profile != nullptr) {
    Event event;
    event.type = QNN_PROFILE_EVENTTYPE_INIT;
    event.name = "load the context binary";
    event.value = stopwatch.microseconds();
    profile->set_events({std::move(event)});
  }
  return {};
}

}  // namespace

Qnn_ErrorHandle_t QnnContext_getBinarySize(Qnn_ContextHandle_t context,
                                           Qnn_ContextBinarySize_t* binaryBufferSize) {
  const auto self = Registry::instance().find<Context>(context);
  if (self == nullptr)
    return report(nullptr, QNN_CONTEXT_ERROR_INVALID_HANDLE, bad_handle("context", context));
  if (binaryBufferSize == nullptr)
    return report(self->log(), QNN_CONTEXT_ERROR_INVALID_ARGUMENT,
                  null_argument("binaryBufferSize"));
  std::vector<std::shared_ptr<Graph>> graphs;
  if (const Fault fault = collect_graphs(*self, &graphs)) return report(self->log(), fault);
  *binaryBufferSize = ContextBinary(std::move(graphs)).size();
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnContext_getBinary(Qnn_ContextHandle_t context, void* binaryBuffer,
                                       Qnn_ContextBinarySize_t binaryBufferSize,
                                       Qnn_ContextBinarySize_t* writtenBufferSize) {
  const auto self = Registry::instance().find<Context>(context);
  if (self == nullptr)
    return report(nullptr, QNN_CONTEXT_ERROR_INVALID_HANDLE, bad_handle("context", context));
  if (binaryBuffer == nullptr || writtenBufferSize == nullptr)
    return report(self->log(), QNN_CONTEXT_ERROR_INVALID_ARGUMENT,
                  null_argument(binaryBuffer == nullptr ? "binaryBuffer" : "writtenBufferSize"));
  std::vector<std::shared_ptr<Graph>> graphs;
  if (const Fault fault = collect_graphs(*self, &graphs)) return report(self->log(), fault);
  const ContextBinary binary(std::move(graphs));
  if (binaryBufferSize < binary.size())
    return report(self->log(), QNN_CONTEXT_ERROR_GET_BINARY_FAILED,
                  "the buffer has " + std::to_string(binaryBufferSize) +
                      " bytes, the context binary takes " + std::to_string(binary.size()));
  binary.write(static_cast<uint8_t*>(binaryBuffer));
  *writtenBufferSize = binary.size();
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnContext_validateBinary(Qnn_BackendHandle_t backend, Qnn_DeviceHandle_t device,
                                            const QnnContext_Config_t** config,
                                            const void* binaryBuffer,
                                            Qnn_ContextBinarySize_t binaryBufferSize) {
  Owners owners;
  if (const Fault fault = find_owners(backend, device, &owners)) return report(owners.log(), fault);
  ContextOptions options;
  if (const Fault fault = read_context_config(config, true, &options))
    return report(owners.log(), fault);
  // The data are looked at, not kept.
  options.persistent_binary = true;
  std::vector<std::shared_ptr<Graph>> graphs;
  return report(owners.log(),
                read_binary(binaryBuffer, binaryBufferSize, options, nullptr, &graphs));
}

Qnn_ErrorHandle_t QnnContext_createFromBinary(
    Qnn_BackendHandle_t backend, Qnn_DeviceHandle_t device, const QnnContext_Config_t** config,
    const void* binaryBuffer, Qnn_ContextBinarySize_t binaryBufferSize,
    Qnn_ContextHandle_t* context, Qnn_ProfileHandle_t profile) {
  Owners owners;
  if (const Fault fault = find_owners(backend, device, &owners)) return report(owners.log(), fault);
  const auto times = Registry::instance().find<Profile>(profile);
  if (profile != nullptr && times == nullptr)
    return report(owners.log(), QNN_CONTEXT_ERROR_SET_PROFILE, bad_handle("profile", profile));
  if (context == nullptr)
    return report(owners.log(), QNN_CONTEXT_ERROR_INVALID_ARGUMENT, null_argument("context"));
  return report(owners.log(),
                load(owners, config, binaryBuffer, binaryBufferSize, context, times.get()));
}

Qnn_ErrorHandle_t QnnContext_createFromBinaryWithSignal(
    Qnn_BackendHandle_t backend, Qnn_DeviceHandle_t device, const QnnContext_Config_t** config,
    const void* binaryBuffer, Qnn_ContextBinarySize_t binaryBufferSize,
    Qnn_ContextHandle_t* context, Qnn_ProfileHandle_t profile, Qnn_SignalHandle_t signal) {
  if (signal == nullptr)
    return QnnContext_createFromBinary(backend, device, config, binaryBuffer, binaryBufferSize,
                                       context, profile);
  const auto owner = Registry::instance().find<Backend>(backend);
  if (owner == nullptr)
    return report(nullptr, QNN_CONTEXT_ERROR_INVALID_HANDLE, bad_handle("backend", backend));
  return report(owner->log(), QNN_CONTEXT_ERROR_UNSUPPORTED_FEATURE, "signals are not supported");
}

Qnn_ErrorHandle_t QnnContext_createFromBinaryListAsync(Qnn_BackendHandle_t backend,
                                                       Qnn_DeviceHandle_t,
                                                       const QnnContext_Params_t**,
                                                       const QnnContext_Config_t**,
                                                       Qnn_SignalHandle_t) {
  const auto owner = Registry::instance().find<Backend>(backend);
  if (owner == nullptr)
    return report(nullptr, QNN_CONTEXT_ERROR_INVALID_HANDLE, bad_handle("backend", backend));
  return report(owner->log(), QNN_CONTEXT_ERROR_UNSUPPORTED_FEATURE,
                "lists of binaries are not supported: load them one by one");
}

namespace {

Qnn_ErrorHandle_t no_sections(Qnn_ContextHandle_t context) {
  const auto self = Registry::instance().find<Context>(context);
  if (self == nullptr)
    return report(nullptr, QNN_CONTEXT_ERROR_INVALID_HANDLE, bad_handle("context", context));
  return report(self->log(), QNN_CONTEXT_ERROR_UNSUPPORTED_FEATURE,
                "context binaries have no sections to update");
}

}  // namespace

Qnn_ErrorHandle_t QnnContext_getBinarySectionSize(Qnn_ContextHandle_t context, Qnn_GraphHandle_t,
                                                  QnnContext_SectionType_t,
                                                  Qnn_ContextBinarySize_t*) {
  return no_sections(context);
}

Qnn_ErrorHandle_t QnnContext_getBinarySection(Qnn_ContextHandle_t context, Qnn_GraphHandle_t,
                                              QnnContext_SectionType_t, const QnnContext_Buffer_t*,
                                              Qnn_ContextBinarySize_t*, Qnn_ProfileHandle_t,
                                              Qnn_SignalHandle_t) {
  return no_sections(context);
}

Qnn_ErrorHandle_t QnnContext_applyBinarySection(Qnn_ContextHandle_t context, Qnn_GraphHandle_t,
                                                QnnContext_SectionType_t,
                                                const QnnContext_Buffer_t*, Qnn_ProfileHandle_t,
                                                Qnn_SignalHandle_t) {
  return no_sections(context);
}
