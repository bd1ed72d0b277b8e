#include "context.h"

#include "context_config.h"
#include "fault.h"

namespace qnn_host {
namespace {

/// Takes a context and its graphs out of the registry, with Registry::family held.
std::shared_ptr<Context> detach(Qnn_ContextHandle_t handle) {
  Registry& registry = Registry::instance();
  auto context = registry.remove<Context>(handle);
  if (context == nullptr) return nullptr;
  for (auto& [name, member] : context->graphs) registry.remove<Graph>(member.handle);
  if (context->device() != nullptr) --context->device()->contexts;
  return context;
}

/// Waits for what runs on the graphs; without the lock.
void close(Context& context) {
  for (auto& [name, member] : context.graphs) member.graph->close();
}

}  // namespace

void* Context::adopt(const std::shared_ptr<Graph>& graph) {
  void* handle = Registry::instance().insert(graph);
  if (handle != nullptr) graphs[graph->name()] = Member{handle, graph};
  return handle;
}

Fault find_owners(Qnn_BackendHandle_t backend, Qnn_DeviceHandle_t device, Owners* owners) {
  *owners = {backend, device, Registry::instance().find<Backend>(backend),
             Registry::instance().find<Device>(device)};
  if (owners->backend == nullptr)
    return {QNN_CONTEXT_ERROR_INVALID_HANDLE, bad_handle("backend", backend)};
  if (device != nullptr && owners->device == nullptr)
    return {QNN_CONTEXT_ERROR_INVALID_HANDLE, bad_handle("device", device)};
  return {};
}

Fault adopt_context(const Owners& owners, bool loaded,
                    const std::vector<std::shared_ptr<Graph>>& graphs,
                    Qnn_ContextHandle_t* handle) {
  const Fault full{QNN_CONTEXT_ERROR_MEM_ALLOC, "there are too many handles"};
  Registry& registry = Registry::instance();
  const std::lock_guard<std::mutex> family(registry.family());
  Owners still;
  if (Fault fault = find_owners(owners.backend_handle, owners.device_handle, &still)) return fault;
  const auto context = std::make_shared<Context>(owners, loaded);
  context->handle = registry.insert(context);
  if (context->handle == nullptr) return full;
  if (context->device() != nullptr) ++context->device()->contexts;
  for (const std::shared_ptr<Graph>& graph : graphs) {
    if (context->adopt(graph) != nullptr) continue;
    detach(context->handle);
    return full;
  }
  *handle = context->handle;
  return {};
}

std::shared_ptr<Backend> free_backend(Qnn_BackendHandle_t handle, size_t* contexts) {
  std::shared_ptr<Backend> backend;
  std::vector<std::shared_ptr<Context>> freed;
  {
    const std::lock_guard<std::mutex> family(Registry::instance().family());
    backend = Registry::instance().remove<Backend>(handle);
    if (backend == nullptr) return nullptr;
    for (const auto& context : Registry::instance().all<Context>()) {
      if (context->backend() == backend.get()) freed.push_back(detach(context->handle));
    }
  }
  for (const auto& context : freed) close(*context);
  *contexts = freed.size();
  return backend;
}

}  // namespace qnn_host

using namespace qnn_host;

Qnn_ErrorHandle_t QnnContext_create(Qnn_BackendHandle_t backend, Qnn_DeviceHandle_t device,
                                    const QnnContext_Config_t** config,
                                    Qnn_ContextHandle_t* context) {
  Owners owners;
  if (const Fault fault = find_owners(backend, device, &owners)) return report(owners.log(), fault);
  if (context == nullptr)
    return report(owners.log(), QNN_CONTEXT_ERROR_INVALID_ARGUMENT, null_argument("context"));
  ContextOptions options;
  if (const Fault fault = read_context_config(config, false, &options))
    return report(owners.log(), fault);
  return report(owners.log(), adopt_context(owners, false, {}, context));
}

Qnn_ErrorHandle_t QnnContext_setConfig(Qnn_ContextHandle_t context,
                                       const QnnContext_Config_t** config) {
  const auto self = Registry::instance().find<Context>(context);
  if (self == nullptr)
    return report(nullptr, QNN_CONTEXT_ERROR_INVALID_HANDLE, bad_handle("context", context));
  if (config == nullptr)
    return report(self->log(), QNN_CONTEXT_ERROR_INVALID_ARGUMENT, null_argument("config"));
  ContextOptions options;
  return report(self->log(), read_context_config(config, false, &options));
}

Qnn_ErrorHandle_t QnnContext_free(Qnn_ContextHandle_t context, Qnn_ProfileHandle_t profile) {
  const Stopwatch stopwatch;
  const auto times = Registry::instance().find<Profile>(profile);
  std::shared_ptr<Context> self = Registry::instance().find<Context>(context);
  if (self != nullptr && profile != nullptr && times == nullptr)
    return report(self->log(), QNN_CONTEXT_ERROR_SET_PROFILE, bad_handle("profile", profile));
  {
    const std::lock_guard<std::mutex> family(Registry::instance().family());
    self = detach(context);
  }
  if (self == nullptr)
    return report(nullptr, QNN_CONTEXT_ERROR_INVALID_HANDLE, bad_handle("context", context));
  close(*self);
  if (times != nullptr) {
    Event event;
    event.type = QNN_PROFILE_EVENTTYPE_DEINIT;
    event.name = "free the context";
    event.value = stopwatch.microseconds();
    times->set_events({std::move(event)});
  }
  return QNN_SUCCESS;
}
