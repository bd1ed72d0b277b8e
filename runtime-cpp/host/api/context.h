#pragma once

#include <map>
#include <memory>
#include <string>

#include "QnnContext.h"
#include "backend.h"
#include "device.h"
#include "graph.h"

namespace qnn_host {

/// What a context is made on.
struct Owners {
  Qnn_BackendHandle_t backend_handle = nullptr;
  Qnn_DeviceHandle_t device_handle = nullptr;
  std::shared_ptr<Backend> backend;
  std::shared_ptr<Device> device;  // null: the client gave none

  /// May be null.
  const Log* log() const { return backend != nullptr ? backend->log() : nullptr; }
};

/// QNN_CONTEXT_ERROR_INVALID_HANDLE.
Fault find_owners(Qnn_BackendHandle_t backend, Qnn_DeviceHandle_t device, Owners* owners);

/// Owner of graphs.
class Context : public Object {
 public:
  static constexpr Kind kKind = Kind::kContext;

  struct Member {
    void* handle;
    std::shared_ptr<Graph> graph;
  };

  Context(const Owners& owners, bool loaded)
      : loaded(loaded), backend_(owners.backend), device_(owners.device) {}

  /// May be null.
  const Log* log() const { return backend_->log(); }
  const std::shared_ptr<Log>& shared_log() const { return backend_->shared_log(); }
  const Backend* backend() const { return backend_.get(); }
  Device* device() const { return device_.get(); }
  const std::shared_ptr<TensorIds>& tensor_ids() const { return tensor_ids_; }

  /// Takes a graph in and gives its handle; null when there are no handles left. With
  /// Registry::family held.
  void* adopt(const std::shared_ptr<Graph>& graph);

  /// By name; guarded by Registry::family.
  std::map<std::string, Member> graphs;
  /// Its own; written once, before others know it.
  void* handle = nullptr;
  /// Whether it was read from a context binary.
  const bool loaded;

 private:
  std::shared_ptr<Backend> backend_;
  std::shared_ptr<Device> device_;
  std::shared_ptr<TensorIds> tensor_ids_ = std::make_shared<TensorIds>(1);
};

/// Makes a context with graphs known to the client, unless its owners were freed by another thread
/// meanwhile. QNN_CONTEXT_ERROR_INVALID_HANDLE or ..._MEM_ALLOC.
Fault adopt_context(const Owners& owners, bool loaded,
                    const std::vector<std::shared_ptr<Graph>>& graphs, Qnn_ContextHandle_t* handle);

/// Frees a backend and its contexts, and gives their number. Null for a handle that is not valid.
std::shared_ptr<Backend> free_backend(Qnn_BackendHandle_t handle, size_t* contexts);

}  // namespace qnn_host
