#pragma once

#include "engine.h"
#include "flags.h"
#include "json.h"
#include "manifest.h"

namespace rwkv {

/// Flags that several modes share.
extern const FlagSpec kReportFlag, kLogLevelFlag, kArtefactFlag, kBackendLibraryFlag,
    kSystemLibraryFlag, kSocModelFlag, kVtcmFlag, kOptimizationFlag, kThreadsFlag,
    kModelLibraryFlag, kContextFlag, kBackendFlag;

/// The engine's options from the flags, with what is not given taken from the manifest (may be
/// null).
Result<EngineOptions> engine_options(const Flags& flags, BackendKind kind,
                                     const Manifest* manifest);

/// `--threads`, or RWKVC_THREADS; 0 when neither is given.
Result<uint32_t> threads_option(const Flags& flags);

/// Path of the model library: the flag's, or the manifest's for this machine.
Result<std::string> model_library_path(const Flags& flags, const std::string& artefact,
                                       const Manifest* manifest);

/// The object "library": what the backend library says of itself.
void report_library(JsonWriter& report, const Api& api);

/// The array `name`: each tensor's name, type, dims and encoding.
void report_tensors(JsonWriter& report, const char* name, const std::vector<TensorInfo>& tensors);

}  // namespace rwkv
