#include "info_mode.h"

#include "backend_flags.h"
#include "compile_mode.h"
#include "host_backend.h"

namespace rwkv {
namespace {

Status run_info(const Flags& flags, JsonWriter& report, Console&) {
  RWKV_ASSIGN(const std::string context, flags.required("--context"));
  RWKV_ASSIGN(const std::string library, flags.required("--system-library"));
  RWKV_ASSIGN(const MappedFile file, MappedFile::open(context));
  RWKV_ASSIGN(const SystemLibrary system, SystemLibrary::open(library));
  RWKV_ASSIGN(const BinaryInfo info, system.read(file.data(), file.size(), context));
  report.member("file", context).member("bytes", static_cast<uint64_t>(file.size()));
  report.member("systemApi", version_text(system.version()));
  report_binary(report, info);
  return Done{};
}

/// One step of the probe: whether it worked, and why not.
void report_step(JsonWriter& report, const char* name, const Error* error) {
  report.key(name).begin_object().member("ok", error == nullptr);
  if (error != nullptr) report_error(report, *error);
  report.end_object();
}

Status run_probe(const Flags& flags, JsonWriter& report, Console&) {
  RWKV_ASSIGN(const std::string path, flags.required("--backend-library"));
  RWKV_ASSIGN(const uint64_t soc, flags.count("--soc-model", 0, UINT32_MAX));
  RWKV_ASSIGN(const DynamicLibrary library, DynamicLibrary::open(path));
  RWKV_ASSIGN(const Api api, load_api(library));
  report.member("path", library.path());
  report_library(report, api);
  const HostBackend host = HostBackend::of(api);
  if (host.is_there()) report.member("instructionSet", host.instruction_set());
  report.key("calls").begin_object();
  Result<Log> log = Log::create(api, QNN_LOG_LEVEL_WARN);
  report_step(report, "logCreate", log.ok() ? nullptr : &log.error());
  if (log.ok()) {
    Result<Backend> backend = Backend::create(api, log.value());
    report_step(report, "backendCreate", backend.ok() ? nullptr : &backend.error());
    if (backend.ok()) {
      Result<Device> device = Device::create(api, log.value(), static_cast<uint32_t>(soc));
      report_step(report, "deviceCreate", device.ok() ? nullptr : &device.error());
      if (device.ok()) report.member("hasDevice", device.value().handle() != nullptr);
    }
  }
  report.end_object();
  const std::string system_path =
      system_library_path(flags.text("--system-library"), library.path());
  report.key("system").begin_object().member("path", system_path);
  Result<SystemLibrary> system = SystemLibrary::open(system_path);
  if (system.ok()) report.member("api", version_text(system.value().version()));
  report.member("ok", system.ok());
  if (!system.ok()) report_error(report, system.error());
  report.end_object();
  return Done{};
}

}  // namespace

void report_binary(JsonWriter& report, const BinaryInfo& info) {
  report.member("recordVersion", info.record_version).member("backendId", info.backend_id);
  report.member("buildId", info.build_id).member("coreApi", version_text(info.core));
  report.member("backendApi", version_text(info.backend))
      .member("blobVersion", version_text(info.blob));
  report.member("blobBytes", info.blob_size).member("socModel", info.soc_model);
  report.member("dspArch", info.dsp_arch);
  report.key("graphs").begin_array();
  for (const BinaryGraph& graph : info.graphs) {
    report.begin_object().member("name", graph.name);
    report_tensors(report, "inputs", graph.inputs);
    report_tensors(report, "outputs", graph.outputs);
    if (graph.has_htp) {
      report.member("vtcmBytes", graph.vtcm).member("spillFillBytes", graph.spill_fill);
      report.member("optimizationLevel", graph.optimization_level)
          .member("hvxThreads", graph.hvx_threads);
      report.member("constBytes", graph.const_size)
          .member("sharedWeightsBytes", graph.shared_weights_size);
      report.member("ioBytes", graph.io_size);
    }
    report.end_object();
  }
  report.end_array();
}

Mode info_mode() {
  return {{"info",
           "report what a context binary holds",
           {kContextFlag, kSystemLibraryFlag, kReportFlag, kLogLevelFlag}},
          &run_info};
}

Mode probe_mode() {
  return {{"probe",
           "load a backend library and report what it is and which calls work",
           {kBackendLibraryFlag, kSystemLibraryFlag, kSocModelFlag, kReportFlag, kLogLevelFlag}},
          &run_probe};
}

}  // namespace rwkv
