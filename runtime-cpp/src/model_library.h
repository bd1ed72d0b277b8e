#pragma once

#include <string>
#include <vector>

#include "QnnModelApi.h"
#include "context.h"
#include "graph.h"
#include "graph_options.h"

namespace rwkv {

/// The graphs that a model library composed, and the memory in which it describes them. Keep until
/// the context is freed: a backend may read static tensors from the library's mapped weights as
/// long as the graphs live.
class ComposedGraphs {
 public:
  ComposedGraphs() = default;
  ComposedGraphs(GraphInfo_t** infos, uint32_t count, QnnModel_FreeGraphsInfoFn_t free, bool wide)
      : infos_(infos), count_(count), free_(free), wide_(wide) {}
  ComposedGraphs(ComposedGraphs&& other) noexcept { *this = std::move(other); }
  ComposedGraphs& operator=(ComposedGraphs&& other) noexcept;
  ~ComposedGraphs();

  /// The graphs with tensor lists of their own.
  Result<std::vector<Graph>> graphs(const Api& api) const;

 private:
  GraphInfo_t** infos_ = nullptr;
  uint32_t count_ = 0;
  QnnModel_FreeGraphsInfoFn_t free_ = nullptr;
  /// The library describes float16 tensors that are float32.
  bool wide_ = false;
};

struct ComposeOptions {
  /// Every value is an output of the graph (APP_READ), for traces. It computes more slowly, and a
  /// backend that fuses nodes may round otherwise.
  bool all_readable = false;
  /// Float16 tensors are float32: see wide_model.h.
  bool wide = false;
};

/// A compiled model: a library that exports QnnModel_composeGraphs.
class ModelLibrary {
 public:
  static Result<ModelLibrary> open(const std::string& path);
  /// For tests: functions that are not a library's.
  ModelLibrary(std::string path, QnnModel_ComposeGraphsFn_t compose,
               QnnModel_FreeGraphsInfoFn_t free)
      : path_(std::move(path)), compose_(compose), free_(free) {}

  /// Builds the model's graphs in `context`. A node that the backend refuses fails it.
  Result<ComposedGraphs> compose(const Backend& backend, const Context& context,
                                 GraphOptions& options, const ComposeOptions& how = {}) const;

 private:
  std::string path_;
  QnnModel_ComposeGraphsFn_t compose_;
  QnnModel_FreeGraphsInfoFn_t free_;
};

}  // namespace rwkv
