#pragma once

#include <memory>
#include <string>
#include <vector>

#include "binary_info.h"
#include "burst_vote.h"
#include "files.h"
#include "graph.h"
#include "model_library.h"

namespace rwkv {

enum class BackendKind { kHost, kCpu, kGpu, kHtp };

/// "host", "cpu", "gpu" or "htp".
Result<BackendKind> parse_backend_kind(const std::string& text);
const char* backend_kind_name(BackendKind kind);

struct EngineOptions {
  BackendKind kind = BackendKind::kHost;
  std::string backend_library;
  /// Empty: libQnnSystem.so beside the backend library, where it is needed.
  std::string system_library;
  /// HTP only. Model 0 and arch 0: what is there.
  uint32_t soc_model = 0;
  uint32_t arch = 0;
  GraphOptions::Htp htp;
  /// Host only; 0: as many as the machine has cores.
  uint32_t threads = 0;
  bool share_weights = false;
  ComposeOptions compose;
};

struct FinalizeReport {
  std::string graph;
  double seconds = 0;
  Estimate estimate;
};

/// A backend with one context and its graphs: made from a model library or from a context binary.
/// Owns all QNN handles and frees them in the reverse order of their making. Stays in its place:
/// the handles borrow its Api.
class Engine {
 public:
  /// Loads the library and makes backend and device.
  static Result<std::unique_ptr<Engine>> open(const EngineOptions& options);
  /// The same with a given table: for tests.
  static Result<std::unique_ptr<Engine>> open(const Api& api, const EngineOptions& options);

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Composes the model's graphs; `graph_names` are those that HTP options are set for. Not
  /// finalized yet.
  Status compose(const ModelLibrary& library, const std::vector<std::string>& graph_names);
  /// Compiles the composed graphs one after the other.
  Result<std::vector<FinalizeReport>> finalize(QnnProfile_Level_t level);
  /// Loads a context binary, after checks that this library and SoC can run it.
  Status load(const std::string& path);
  /// The same with a given System library: for tests.
  Status load(const std::string& path, const SystemLibrary& system);

  const Api& api() const { return api_; }
  /// The context; null before compose and load.
  const Context* context() const { return context_.get(); }
  std::vector<Graph>& graphs() { return graphs_; }
  const std::vector<Graph>& graphs() const { return graphs_; }
  Graph* find_graph(const std::string& name);

 private:
  explicit Engine(const EngineOptions& options, const Api& api) : options_(options), api_(api) {}
  Status check_binary(const BinaryInfo& info, const std::string& path) const;

  // In the order of making: C++ destroys them from the last to the first.
  const EngineOptions options_;
  const Api api_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<BurstVote> burst_;
  MappedFile binary_;
  ComposedGraphs composed_;
  std::unique_ptr<Context> context_;
  std::vector<Graph> graphs_;
};

/// The System library that belongs to a backend library: `given`, or the one beside it.
std::string system_library_path(const std::string& given, const std::string& backend_library);

}  // namespace rwkv
