#include "engine.h"

#include <chrono>

namespace rwkv {
namespace {

/// The wrong library behind a name gives puzzling errors later: say it at the door.
Status check_backend(const Api& api, BackendKind kind) {
  const uint32_t wanted = kind == BackendKind::kHtp   ? kBackendIdHtp
                          : kind == BackendKind::kCpu ? kBackendIdCpu
                          : kind == BackendKind::kGpu ? kBackendIdGpu
                                                      : api.backend_id;
  if (api.backend_id == wanted) return Done{};
  return usage_error("library/other-backend", std::string("the library is no ") +
                                                  backend_kind_name(kind) + " backend: it is " +
                                                  api.provider + " (backend id " +
                                                  std::to_string(api.backend_id) + ")");
}

}  // namespace

Result<BackendKind> parse_backend_kind(const std::string& text) {
  for (const BackendKind kind :
       {BackendKind::kHost, BackendKind::kCpu, BackendKind::kGpu, BackendKind::kHtp}) {
    if (text == backend_kind_name(kind)) return kind;
  }
  return usage_error("usage/backend", "unknown backend \"" + text + "\"",
                     "One of host, cpu, gpu, htp.");
}

const char* backend_kind_name(BackendKind kind) {
  switch (kind) {
    case BackendKind::kHost:
      return "host";
    case BackendKind::kCpu:
      return "cpu";
    case BackendKind::kGpu:
      return "gpu";
    case BackendKind::kHtp:
      return "htp";
  }
  return "unknown";
}

std::string system_library_path(const std::string& given, const std::string& backend_library) {
  if (!given.empty()) return given;
  const size_t slash = backend_library.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : backend_library.substr(0, slash);
  return join_path(folder, "libQnnSystem.so");
}

Result<std::unique_ptr<Engine>> Engine::open(const EngineOptions& options) {
  RWKV_ASSIGN(const DynamicLibrary library, DynamicLibrary::open(options.backend_library));
  RWKV_ASSIGN(const Api api, load_api(library));
  RWKV_TRY(check_backend(api, options.kind));
  return open(api, options);
}

Result<std::unique_ptr<Engine>> Engine::open(const Api& api, const EngineOptions& options) {
  std::unique_ptr<Engine> engine(new Engine(options, api));
  const Api& own = engine->api_;
  RWKV_ASSIGN(Log log, Log::create(own, QNN_LOG_LEVEL_WARN));
  engine->log_ = std::make_unique<Log>(std::move(log));
  RWKV_ASSIGN(Backend backend, Backend::create(own, *engine->log_));
  engine->backend_ = std::make_unique<Backend>(std::move(backend));
  RWKV_ASSIGN(Device device, Device::create(own, *engine->log_, options.soc_model));
  engine->device_ = std::make_unique<Device>(std::move(device));
  engine->burst_ = std::make_unique<BurstVote>(BurstVote::cast(own));
  return engine;
}

Status Engine::compose(const ModelLibrary& library, const std::vector<std::string>& graph_names) {
  RWKV_ASSIGN(Context context, Context::create(*backend_, *device_, options_.share_weights));
  context_ = std::make_unique<Context>(std::move(context));
  // A model library gives the mapping of its weights file; one that is widened, copies in passing.
  const GraphOptions::Host host{options_.threads, !options_.compose.wide};
  const std::vector<std::string> none;
  GraphOptions for_htp(api_.backend_id == kBackendIdHtp ? graph_names : none, options_.htp);
  GraphOptions for_host(api_.backend_id == QNN_BACKEND_ID_HOST ? graph_names : none, host);
  RWKV_ASSIGN(composed_,
              library.compose(*backend_, *context_, for_host.count() != 0 ? for_host : for_htp,
                              options_.compose));
  RWKV_ASSIGN(graphs_, composed_.graphs(api_));
  return Done{};
}

Result<std::vector<FinalizeReport>> Engine::finalize(QnnProfile_Level_t level) {
  std::vector<FinalizeReport> reports;
  for (Graph& graph : graphs_) {
    RWKV_ASSIGN(const Profile profile, Profile::create(*backend_, level));
    const auto start = std::chrono::steady_clock::now();
    RWKV_TRY(graph.finalize(profile));
    FinalizeReport report;
    report.graph = graph.name();
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    RWKV_ASSIGN(const std::vector<ProfileEvent> events, profile.events());
    report.estimate = estimate_of(events);
    reports.push_back(std::move(report));
  }
  return reports;
}

Status Engine::check_binary(const BinaryInfo& info, const std::string& path) const {
  if (info.backend_id != api_.backend_id) {
    return input_error("context/other-backend",
                       path + " is a binary of backend " + std::to_string(info.backend_id) +
                           ", the library " + api_.provider + " is backend " +
                           std::to_string(api_.backend_id));
  }
  // The library would answer 5000 "invalid argument", which tells nobody why.
  if (compare_versions(info.backend, api_.backend) > 0) {
    return input_error(
        "context/newer-library",
        path + " was made by a newer library (backend API " + version_text(info.backend) +
            ", build " + info.build_id + ") than this one (backend API " +
            version_text(api_.backend) + ", build " + api_.build_id() + ")",
        "Load it with that library or a newer one, or compile it again with this one.");
  }
  // HTP's simulator answers 1000 to such a binary, or crashes (5.51, on small graphs).
  for (const BinaryGraph& graph : info.graphs) {
    if (graph.shared_weights_size > 0 && std::string(own_machine()) == "x86-64") {
      return input_error("context/shared-weights",
                         path + " shares weights between its graphs, which a PC cannot load",
                         "Run it on a device, or compile it without --share-weights.");
    }
  }
  // A PC loads binaries for any SoC without a word, a device does not.
  if (info.dsp_arch != 0 && options_.arch != 0 && info.dsp_arch != options_.arch) {
    return input_error("context/other-arch",
                       path + " was compiled for HTP v" + std::to_string(info.dsp_arch) +
                           ", wanted is v" + std::to_string(options_.arch),
                       "Compile it for this SoC (`rwkvc build --soc`).");
  }
  if (info.soc_model != 0 && options_.soc_model != 0 && info.soc_model != options_.soc_model) {
    return input_error("context/other-soc",
                       path + " was compiled for SoC model " + std::to_string(info.soc_model) +
                           ", wanted is model " + std::to_string(options_.soc_model),
                       "Compile it for this SoC (`rwkvc build --soc`).");
  }
  return Done{};
}

Status Engine::load(const std::string& path) {
  if (!file_exists(path))
    return missing_error("context/missing", "there is no context binary " + path);
  RWKV_ASSIGN(const SystemLibrary system, SystemLibrary::open(system_library_path(
                                              options_.system_library, options_.backend_library)));
  return load(path, system);
}

Status Engine::load(const std::string& path, const SystemLibrary& system) {
  RWKV_ASSIGN(binary_, MappedFile::open(path));
  RWKV_ASSIGN(BinaryInfo info, system.read(binary_.data(), binary_.size(), path));
  RWKV_TRY(check_binary(info, path));
  RWKV_ASSIGN(Context context,
              Context::from_binary(*backend_, *device_, binary_.data(), binary_.size(), path));
  context_ = std::make_unique<Context>(std::move(context));
  for (BinaryGraph& graph : info.graphs) {
    RWKV_ASSIGN(Graph loaded, Graph::retrieve(api_, *context_, std::move(graph.name),
                                              std::move(graph.inputs), std::move(graph.outputs)));
    graphs_.push_back(std::move(loaded));
  }
  return Done{};
}

Graph* Engine::find_graph(const std::string& name) {
  for (Graph& graph : graphs_) {
    if (graph.name() == name) return &graph;
  }
  return nullptr;
}

}  // namespace rwkv
