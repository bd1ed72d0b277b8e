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

void* adopt_context(const std::shared_ptr<Context>& context,
                    const std::vector<std::shared_ptr<Graph>>& graphs) {
  Registry& registry = Registry::instance();
  const std::lock_guard<std::mutex> family(registry.family());
  context->handle = registry.insert(context);
  if (context->handle == nullptr) return nullptr;
  if (context->device() != nullptr) ++context->device()->contexts;
  for (const std::shared_ptr<Graph>& graph : graphs) {
    if (context->adopt(graph) != nullptr) continue;
    detach(context->handle);
    return nullptr;
  }
  return context->handle;
}

size_t free_contexts_of(const Backend* backend) {
  std::vector<std::shared_ptr<Context>> freed;
  {
    const std::lock_guard<std::mutex> family(Registry::instance().family());
    for (const auto& context : Registry::instance().all<Context>()) {
      if (context->backend() == backend) freed.push_back(detach(context->handle));
    }
  }
  for (const auto& context : freed) close(*context);
  return freed.size();
}

Fault find_owners(Qnn_BackendHandle_t backend, Qnn_DeviceHandle_t device,
                  std::shared_ptr<Backend>* found_backend, std::shared_ptr<Device>* found_device) {
  *found_backend = Registry::instance().find<Backend>(backend);
  if (*found_backend == nullptr)
    return {QNN_CONTEXT_ERROR_INVALID_HANDLE, bad_handle("backend", backend)};
  *found_device = Registry::instance().find<Device>(device);
  if (device != nullptr && *found_device == nullptr)
    return {QNN_CONTEXT_ERROR_INVALID_HANDLE, bad_handle("device", device)};
  return {};
}

}  // namespace qnn_host

using namespace qnn_host;

Qnn_ErrorHandle_t QnnContext_create(Qnn_BackendHandle_t backend, Qnn_DeviceHandle_t device,
                                    const QnnContext_Config_t** config,
                                    Qnn_ContextHandle_t* context) {
  std::shared_ptr<Backend> owner;
  std::shared_ptr<Device> on;
  if (const Fault fault = find_owners(backend, device, &owner, &on))
    return report(owner != nullptr ? owner->log() : nullptr, fault);
  if (context == nullptr)
    return report(owner->log(), QNN_CONTEXT_ERROR_INVALID_ARGUMENT, null_argument("context"));
  ContextOptions options;
  if (const Fault fault = read_context_config(config, false, &options))
    return report(owner->log(), fault);
  *context = adopt_context(std::make_shared<Context>(owner, on, false));
  return *context != nullptr ? QNN_SUCCESS : QNN_CONTEXT_ERROR_MEM_ALLOC;
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
