#include "session_flags.h"

#include "program.h"

namespace rwkv {

std::vector<FlagSpec> session_flags(std::vector<FlagSpec> more) {
  std::vector<FlagSpec> flags = {kArtefactFlag,      kBackendFlag,  kBackendLibraryFlag,
                                 kSystemLibraryFlag, kSocModelFlag, kVtcmFlag,
                                 kOptimizationFlag,  kContextFlag,  kModelLibraryFlag,
                                 kThreadsFlag,       kReportFlag,   kLogLevelFlag};
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

Result<std::unique_ptr<Session>> open_session(const Flags& flags, const ComposeOptions& compose,
                                              std::optional<uint32_t> threads) {
  RWKV_ASSIGN(const std::string artefact, flags.required("--artefact"));
  RWKV_ASSIGN(const std::string backend, flags.required("--backend"));
  RWKV_ASSIGN(const BackendKind kind, parse_backend_kind(backend));
  if (flags.has("--context") && flags.has("--model-library")) {
    return usage_error("usage/two-sources", "--context and --model-library exclude each other");
  }
  RWKV_ASSIGN(Manifest manifest, read_manifest(artefact));
  SessionOptions options;
  RWKV_ASSIGN(options.engine, engine_options(flags, kind, &manifest));
  options.engine.compose = compose;
  if (!threads.has_value()) {
    RWKV_ASSIGN(threads, threads_option(flags));
  }
  options.engine.threads = *threads;
  options.context = flags.text("--context");
  if (options.context.empty()) {
    RWKV_ASSIGN(options.model_library, model_library_path(flags, artefact, &manifest));
  }
  return Session::create(artefact, std::move(manifest), options);
}

void report_session(JsonWriter& report, const Flags& flags, const Session& session) {
  report.member("source", flags.has("--context") ? "context" : "model library");
  report.member("loadSeconds", session.load_seconds());
  if (session.overflow() != nullptr) report_overflow(report, *session.overflow());
  report_library(report, session.engine().api());
}

Result<GraphChoice> graph_choice(const Flags& flags) {
  const std::string text = flags.text("--graph", "auto");
  if (text == "auto") return GraphChoice::kAuto;
  if (text == "decode") return GraphChoice::kDecode;
  if (text == "prefill") return GraphChoice::kPrefill;
  return usage_error("usage/graph", "--graph is auto, decode or prefill, found \"" + text + "\"");
}

Result<std::unique_ptr<Tokenizer>> session_tokenizer(const Flags& flags, const Manifest& manifest) {
  if (!flags.has("--tokenizer")) return open_tokenizer(flags.text("--artefact"), manifest);
  RWKV_ASSIGN(const std::string name, flags.required("--tokenizer"));
  RWKV_ASSIGN(OpenedTokenizer opened, open_tokenizer(name, manifest.vocabulary));
  return std::move(opened.tokenizer);
}

}  // namespace rwkv
