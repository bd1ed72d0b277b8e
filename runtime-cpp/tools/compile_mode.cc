#include "compile_mode.h"

#include <chrono>

#include "backend_flags.h"

namespace rwkv {
namespace {

void report_estimate(JsonWriter& report, const Estimate& estimate) {
  report.key("estimate");
  if (!estimate.known) {
    report.null();
    return;
  }
  report.begin_object();
  report.member("microseconds", estimate.microseconds).member("cycles", estimate.cycles);
  report.member("lowerCycles", estimate.lower_cycles).member("upperCycles", estimate.upper_cycles);
  report.member("opsWithoutCost", estimate.ops_without_cost);
  report.key("bytes").begin_object();
  report.member("inputFill", estimate.input_fill)
      .member("intermediateFill", estimate.intermediate_fill);
  report.member("intermediateSpill", estimate.intermediate_spill);
  report.member("outputSpill", estimate.output_spill);
  report.end_object();
  report.key("nodesWithoutCost").begin_object();
  for (const auto& [node, ops] : estimate.nodes_without_cost) report.member(node, ops);
  report.end_object().end_object();
}

void report_graphs(JsonWriter& report, const std::vector<FinalizeReport>& graphs) {
  report.key("graphs").begin_array();
  for (const FinalizeReport& graph : graphs) {
    report.begin_object().member("name", graph.graph).member("finalizeSeconds", graph.seconds);
    report_estimate(report, graph.estimate);
    report.end_object();
  }
  report.end_array();
}

/// Composes and finalizes the artefact's graphs, reports them, and writes the binary to `out`
/// unless it is empty.
Status compile(const Flags& flags, JsonWriter& report, const std::string& out) {
  const auto start = std::chrono::steady_clock::now();
  RWKV_ASSIGN(const std::string artefact, flags.required("--artefact"));
  RWKV_ASSIGN(const Manifest manifest, read_manifest(artefact));
  RWKV_ASSIGN(const EngineOptions options, engine_options(flags, BackendKind::kHtp, &manifest));
  if (options.soc_model == 0) {
    return usage_error("usage/missing-flag", "--soc-model is needed: the artefact names no SoC");
  }
  RWKV_ASSIGN(const std::string library_path, model_library_path(flags, artefact, &manifest));
  RWKV_ASSIGN(const ModelLibrary library, ModelLibrary::open(library_path));
  RWKV_ASSIGN(const std::unique_ptr<Engine> engine, Engine::open(options));
  std::vector<std::string> names;
  for (const ManifestGraph& graph : manifest.graphs) names.push_back(graph.name);
  RWKV_TRY(engine->compose(library, names));
  RWKV_ASSIGN(const std::vector<FinalizeReport> graphs,
              engine->finalize(QNN_PROFILE_LEVEL_DETAILED));
  report_graphs(report, graphs);
  report_library(report, engine->api());
  if (!out.empty()) {
    RWKV_ASSIGN(const std::string binary, engine->context()->binary());
    const std::string system_path =
        system_library_path(options.system_library, options.backend_library);
    RWKV_ASSIGN(const SystemLibrary system, SystemLibrary::open(system_path));
    RWKV_ASSIGN(const BinaryInfo info,
                system.read(binary.data(), binary.size(), "the new context binary"));
    // Unknown SoC numbers compile for v68 without a word.
    if (options.arch != 0 && info.dsp_arch != options.arch) {
      return internal_error("context/other-arch",
                            "the library compiled for HTP v" + std::to_string(info.dsp_arch) +
                                " though SoC model " + std::to_string(options.soc_model) +
                                " was asked for, which has v" + std::to_string(options.arch));
    }
    RWKV_TRY(write_file(out, binary));
    report.member("bytes", static_cast<uint64_t>(binary.size()));
    report.key("binary").begin_object();
    report_binary(report, info);
    report.end_object();
  }
  report.member("seconds",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return Done{};
}

Status run_compile(const Flags& flags, JsonWriter& report, Console&) {
  RWKV_ASSIGN(const std::string out, flags.required("--out"));
  return compile(flags, report, out);
}

Status run_estimate(const Flags& flags, JsonWriter& report, Console&) {
  return compile(flags, report, "");
}

std::vector<FlagSpec> compile_flags() {
  return {kArtefactFlag,
          kBackendLibraryFlag,
          kSystemLibraryFlag,
          kSocModelFlag,
          kVtcmFlag,
          kOptimizationFlag,
          kModelLibraryFlag,
          kReportFlag,
          kLogLevelFlag,
          {"--share-weights", nullptr,
           "store equal weights of several graphs once; a PC cannot load the result"}};
}

}  // namespace

Mode compile_mode() {
  ModeSpec spec = {"compile", "compile an artefact for an HTP SoC and write its context binary",
                   compile_flags()};
  spec.flags.push_back({"--out", "FILE", "context binary to write"});
  return {spec, &run_compile};
}

Mode estimate_mode() {
  return {{"estimate", "compile and report Qualcomm's estimate, without writing a binary",
           compile_flags()},
          &run_estimate};
}

}  // namespace rwkv
