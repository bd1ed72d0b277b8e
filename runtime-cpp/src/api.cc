#include "api.h"

#include "qnn_status.h"

namespace rwkv {

std::string Api::build_id() const {
  const char* text = nullptr;
  if (fn.backendGetBuildId == nullptr || fn.backendGetBuildId(&text) != QNN_SUCCESS) return "";
  return text != nullptr ? text : "";
}

Result<Api> load_api(const DynamicLibrary& library) {
  RWKV_ASSIGN(void* const address,
              library.require("QnnInterface_getProviders", "a QNN backend library"));
  const auto get_providers =
      reinterpret_cast<Qnn_ErrorHandle_t (*)(const QnnInterface_t***, uint32_t*)>(address);
  const QnnInterface_t** providers = nullptr;
  uint32_t count = 0;
  const Call call("QnnInterface_getProviders", library.path());
  RWKV_TRY(call.check(get_providers(&providers, &count)));
  std::string offered;
  for (uint32_t i = 0; providers != nullptr && i < count; ++i) {
    if (providers[i] == nullptr) continue;
    const QnnInterface_t& provider = *providers[i];
    const Qnn_Version_t& core = provider.apiVersion.coreApiVersion;
    if (core.major == QNN_API_VERSION_MAJOR && core.minor >= QNN_API_VERSION_MINOR) {
      Api api;
      api.fn = provider.QNN_INTERFACE_VER_NAME;
      api.backend_id = provider.backendId;
      api.provider = provider.providerName != nullptr ? provider.providerName : "";
      api.core = core;
      api.backend = provider.apiVersion.backendApiVersion;
      return api;
    }
    offered += (offered.empty() ? "" : ", ") + version_text(core);
  }
  return missing_error("library/core-api",
                       library.path() + " offers QNN core API " +
                           (offered.empty() ? "none" : offered) + "; 2.18 or newer is needed",
                       "Use a library of SDK 2.25 or newer.");
}

std::string version_text(const Qnn_Version_t& version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
         std::to_string(version.patch);
}

int compare_versions(const Qnn_Version_t& a, const Qnn_Version_t& b) {
  if (a.major != b.major) return a.major < b.major ? -1 : 1;
  if (a.minor != b.minor) return a.minor < b.minor ? -1 : 1;
  if (a.patch != b.patch) return a.patch < b.patch ? -1 : 1;
  return 0;
}

Call::Call(const char* name, std::string subject)
    : name_(name), subject_(std::move(subject)), mark_(MessageLog::instance().mark()) {}

Status Call::check(uint64_t status) const {
  if (status == QNN_SUCCESS) return Done{};
  return failure(status);
}

Error Call::failure(uint64_t status) const {
  const QnnStatus known = describe_status(status);
  Error error;
  error.kind = known.kind;
  error.code = "qnn/" + std::to_string(known.code);
  error.message = std::string(name_) + " failed" + (subject_.empty() ? "" : " for " + subject_) +
                  " with " + status_text(known);
  error.call = name_;
  error.status = known.code;
  error.hint = known.hint;
  error.log = MessageLog::instance().since(mark_);
  return error;
}

Error Call::missing_slot() const {
  Error error = missing_error("qnn/missing-function",
                              std::string("the library has no ") + name_ +
                                  (subject_.empty() ? "" : ", needed for " + subject_));
  error.call = name_;
  return error;
}

}  // namespace rwkv
