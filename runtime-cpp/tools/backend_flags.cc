#include "backend_flags.h"

#include <cstdlib>

namespace rwkv {

const FlagSpec kReportFlag = {"--report", "FILE", "JSON report, written at the end"};
const FlagSpec kLogLevelFlag = {"--log-level", "N",
                                "library messages on stderr: 1 errors to 5 debug, default none"};
const FlagSpec kArtefactFlag = {"--artefact", "DIR", "folder that `rwkvc build` wrote"};
const FlagSpec kBackendLibraryFlag = {"--backend-library", "PATH", "QNN backend library"};
const FlagSpec kSystemLibraryFlag = {
    "--system-library", "PATH",
    "QNN System library, default: libQnnSystem.so beside the backend's"};
const FlagSpec kSocModelFlag = {"--soc-model", "N",
                                "HTP: Qnn_SocModel_t's number, default: the artefact's"};
const FlagSpec kVtcmFlag = {"--vtcm-mb", "N",
                            "HTP: VTCM in MB, default: the artefact's, else all of the SoC's"};
const FlagSpec kOptimizationFlag = {"--optimization", "N",
                                    "HTP: effort of finalize, 1 to 3, default 3"};
const FlagSpec kThreadsFlag = {
    "--threads", "N", "host: threads, default: RWKVC_THREADS, else one for each processor"};
const FlagSpec kModelLibraryFlag = {"--model-library", "FILE",
                                    "model library, default: the artefact's for this machine"};
const FlagSpec kContextFlag = {"--context", "FILE", "context binary to load instead of composing"};
const FlagSpec kBackendFlag = {"--backend", "KIND", "cpu, htp, gpu or host"};

namespace {

constexpr uint64_t kMostThreads = 256;

}  // namespace

Result<uint32_t> threads_option(const Flags& flags) {
  const char* environment = std::getenv("RWKVC_THREADS");
  uint64_t threads = 0;
  if (!flags.has("--threads") && environment != nullptr && environment[0] != '\0') {
    if (!parse_count(environment, kMostThreads, threads)) {
      return usage_error("usage/threads", std::string("RWKVC_THREADS is \"") + environment +
                                              "\": a number up to 256 was expected");
    }
    return static_cast<uint32_t>(threads);
  }
  RWKV_ASSIGN(threads, flags.count("--threads", 0, kMostThreads));
  return static_cast<uint32_t>(threads);
}

Result<EngineOptions> engine_options(const Flags& flags, BackendKind kind,
                                     const Manifest* manifest) {
  EngineOptions options;
  options.kind = kind;
  RWKV_ASSIGN(options.backend_library, flags.required("--backend-library"));
  options.system_library = flags.text("--system-library");
  const ManifestHtp htp = manifest != nullptr && manifest->has_htp ? manifest->htp : ManifestHtp();
  RWKV_ASSIGN(const uint64_t soc, flags.count("--soc-model", htp.soc_model, UINT32_MAX));
  options.soc_model = static_cast<uint32_t>(soc);
  // The manifest's arch and VTCM are those of its own SoC.
  const bool same_soc = options.soc_model == htp.soc_model;
  options.arch = same_soc ? htp.arch : 0;
  RWKV_ASSIGN(const uint64_t vtcm, flags.count("--vtcm-mb", same_soc ? htp.vtcm_mb : 0, 1024));
  options.htp.vtcm_mb = static_cast<uint32_t>(vtcm);
  RWKV_ASSIGN(const uint64_t optimization, flags.count("--optimization", 3, 3));
  options.htp.optimization = static_cast<float>(optimization);
  options.share_weights = flags.has("--share-weights");
  return options;
}

Result<std::string> model_library_path(const Flags& flags, const std::string& artefact,
                                       const Manifest* manifest) {
  if (flags.has("--model-library")) return flags.required("--model-library");
  if (manifest == nullptr) return usage_error("usage/missing-flag", "--model-library is needed");
  const auto found = manifest->libraries.find(own_triple());
  if (found == manifest->libraries.end()) {
    std::string others;
    for (const auto& library : manifest->libraries)
      others += (others.empty() ? "" : ", ") + library.first;
    return missing_error("artefact/no-library",
                         artefact + " has no model library for " + own_triple() +
                             ", only for: " + (others.empty() ? "none" : others),
                         "Build it again for this machine.");
  }
  return join_path(artefact, found->second);
}

void report_library(JsonWriter& report, const Api& api) {
  report.key("library").begin_object();
  report.member("provider", api.provider).member("backendId", api.backend_id);
  report.member("buildId", api.build_id()).member("coreApi", version_text(api.core));
  report.member("backendApi", version_text(api.backend)).end_object();
}

void report_tensors(JsonWriter& report, const char* name, const std::vector<TensorInfo>& tensors) {
  report.key(name).begin_array();
  for (const TensorInfo& tensor : tensors) {
    report.begin_object().member("name", tensor.name).member("dtype", data_type_name(tensor.dtype));
    report.key("dims").begin_array();
    for (const uint32_t d : tensor.dims) report.value(d);
    report.end_array();
    if (tensor.has_encoding) {
      report.key("encoding").begin_object().member("scale", static_cast<double>(tensor.scale));
      report.member("offset", static_cast<int64_t>(tensor.offset)).end_object();
    }
    report.end_object();
  }
  report.end_array();
}

}  // namespace rwkv
