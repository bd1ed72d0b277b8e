#include <sys/stat.h>

#include <chrono>
#include <cstring>

#include "backend_flags.h"
#include "run_modes.h"

namespace rwkv {
namespace {

/// Tensor names may hold anything; a file's may not hold a slash.
std::string raw_path(const std::string& folder, const std::string& tensor) {
  std::string name = tensor;
  for (char& c : name) {
    if (c == '/') c = '_';
  }
  return join_path(folder, name + ".raw");
}

/// Backend, context and the wanted graph, ready to execute.
Result<std::unique_ptr<Engine>> open_engine(const Flags& flags, const std::string& graph_name) {
  RWKV_ASSIGN(const std::string backend, flags.required("--backend"));
  RWKV_ASSIGN(const BackendKind kind, parse_backend_kind(backend));
  // An op under test is a model library alone; an artefact brings the SoC and finds the library.
  const std::string artefact = flags.text("--artefact");
  Manifest manifest;
  if (!artefact.empty()) {
    RWKV_ASSIGN(manifest, read_manifest(artefact));
  }
  const Manifest* known = artefact.empty() ? nullptr : &manifest;
  RWKV_ASSIGN(const EngineOptions options, engine_options(flags, kind, known));
  RWKV_ASSIGN(std::unique_ptr<Engine> engine, Engine::open(options));
  if (flags.has("--context")) {
    RWKV_TRY(engine->load(flags.text("--context")));
    return engine;
  }
  RWKV_ASSIGN(const std::string path, model_library_path(flags, artefact, known));
  RWKV_ASSIGN(const ModelLibrary library, ModelLibrary::open(path));
  RWKV_TRY(engine->compose(library, {graph_name}));
  RWKV_TRY(engine->finalize(QNN_PROFILE_LEVEL_BASIC));
  return engine;
}

Result<std::vector<std::string>> read_inputs(const std::string& folder, const Graph& graph) {
  std::vector<std::string> buffers;
  for (const TensorInfo& info : graph.inputs()) {
    const std::string path = raw_path(folder, info.name);
    RWKV_ASSIGN(std::string bytes, read_file(path));
    if (bytes.size() != info.bytes()) {
      return input_error("exec/size", path + " has " + std::to_string(bytes.size()) + " bytes, " +
                                          info.describe() + " has " + std::to_string(info.bytes()));
    }
    buffers.push_back(std::move(bytes));
  }
  return buffers;
}

Status run_exec(const Flags& flags, JsonWriter& report, Console&) {
  RWKV_ASSIGN(const std::string inputs, flags.required("--inputs"));
  RWKV_ASSIGN(const std::string outputs, flags.required("--outputs"));
  RWKV_ASSIGN(const std::string graph_name, flags.required("--graph"));
  RWKV_ASSIGN(const uint64_t repeat, flags.count("--repeat", 1, 1000000));
  RWKV_ASSIGN(const std::unique_ptr<Engine> engine, open_engine(flags, graph_name));
  Graph* const graph = engine->find_graph(graph_name);
  if (graph == nullptr) {
    std::string names;
    for (const Graph& other : engine->graphs()) names += (names.empty() ? "" : ", ") + other.name();
    return input_error("exec/no-graph", "there is no graph " + graph_name + ", only: " + names);
  }
  RWKV_ASSIGN(std::vector<std::string> in, read_inputs(inputs, *graph));
  std::vector<std::string> out;
  for (const TensorInfo& info : graph->outputs()) out.emplace_back(info.bytes(), '\0');
  for (size_t i = 0; i < in.size(); ++i) graph->bind_input(i, &in[i][0]);
  for (size_t i = 0; i < out.size(); ++i) graph->bind_output(i, &out[i][0]);

  const auto start = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < repeat; ++i) RWKV_TRY(graph->execute());
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  ::mkdir(outputs.c_str(), 0777);  // it may be there; if not and this fails, so do the writes below
  for (size_t i = 0; i < out.size(); ++i) {
    RWKV_TRY(write_file(raw_path(outputs, graph->outputs()[i].name), out[i]));
  }
  report.member("graph", graph_name).member("runs", repeat);
  report.member("secondsPerRun", repeat > 0 ? seconds / static_cast<double>(repeat) : 0.0);
  report_tensors(report, "inputs", graph->inputs());
  report_tensors(report, "outputs", graph->outputs());
  report.member("source", flags.has("--context") ? "context" : "model library");
  report_library(report, engine->api());
  return Done{};
}

}  // namespace

Mode exec_mode() {
  return {{"exec",
           "run one graph on raw little-endian files, in the graph's own types",
           {kArtefactFlag,
            kBackendFlag,
            kBackendLibraryFlag,
            kSystemLibraryFlag,
            kSocModelFlag,
            kVtcmFlag,
            kOptimizationFlag,
            kContextFlag,
            kModelLibraryFlag,
            kReportFlag,
            kLogLevelFlag,
            {"--graph", "NAME", "the graph"},
            {"--inputs", "DIR", "TENSOR.raw for every input, states too"},
            {"--outputs", "DIR", "TENSOR.raw of every output are written here"},
            {"--repeat", "N", "executions with the same inputs, default 1"}}},
          &run_exec};
}

}  // namespace rwkv
