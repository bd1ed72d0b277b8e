#pragma once

#include <map>
#include <memory>
#include <string>

#include "QnnContext.h"
#include "backend.h"
#include "device.h"
#include "graph.h"

namespace qnn_host {

/// Owner of graphs.
class Context : public Object {
 public:
  static constexpr Kind kKind = Kind::kContext;

  struct Member {
    void* handle;
    std::shared_ptr<Graph> graph;
  };

  Context(std::shared_ptr<Backend> backend, std::shared_ptr<Device> device, bool loaded)
      : loaded(loaded), backend_(std::move(backend)), device_(std::move(device)) {}

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

/// Gives a context and its graphs their handles; null when there are none left.
void* adopt_context(const std::shared_ptr<Context>& context,
                    const std::vector<std::shared_ptr<Graph>>& graphs = {});

/// Finds what a context is made on; the device may be null. QNN_CONTEXT_ERROR_INVALID_HANDLE.
Fault find_owners(Qnn_BackendHandle_t backend, Qnn_DeviceHandle_t device,
                  std::shared_ptr<Backend>* found_backend, std::shared_ptr<Device>* found_device);

/// Frees all contexts of a backend; gives their number.
size_t free_contexts_of(const Backend* backend);

}  // namespace qnn_host
