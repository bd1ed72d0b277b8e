#include "backend.h"

#include <vector>

#include "../validate/op_config.h"
#include "../validate/op_table.h"
#include "../validate/sane_enum.h"
#include "config_list.h"
#include "context.h"
#include "fault.h"
#include "interface.h"
#include "kernel.h"

using namespace qnn_host;

namespace {

Fault check_config(const QnnBackend_Config_t& config) {
  const QnnBackend_ConfigOption_t option = sane(config.option);
  if (option != QNN_BACKEND_CONFIG_OPTION_ERROR_REPORTING)
    return {QNN_BACKEND_ERROR_INVALID_CONFIG,
            "backend config option " + std::to_string(option) +
                " is not known; there is only 1 (ERROR_REPORTING)"};
  const Qnn_ErrorReportingLevel_t level = sane(config.errorConfig.reportingLevel);
  if (level != QNN_ERROR_REPORTING_LEVEL_BRIEF && level != QNN_ERROR_REPORTING_LEVEL_DETAILED)
    return {QNN_BACKEND_ERROR_INVALID_CONFIG,
            "error reporting level " + std::to_string(level) + " is not 0 (BRIEF) or 1 (DETAILED)"};
  return {};
}

std::vector<QnnBackend_OperationName_t> list_operations() {
  std::vector<QnnBackend_OperationName_t> names;
  for (const OpRule& rule : op_table()) {
    if (find_op(rule.type) != nullptr) names.push_back({kPackageName, rule.type, nullptr});
  }
  return names;
}

}  // namespace

Qnn_ErrorHandle_t QnnBackend_create(Qnn_LogHandle_t logger, const QnnBackend_Config_t** config,
                                    Qnn_BackendHandle_t* backend) {
  const auto log = Registry::instance().find<Log>(logger);
  if (logger != nullptr && log == nullptr)
    return report(nullptr, QNN_BACKEND_ERROR_INVALID_HANDLE, bad_handle("log", logger));
  if (backend == nullptr)
    return report(log.get(), QNN_BACKEND_ERROR_INVALID_ARGUMENT, null_argument("backend"));
  if (const Fault fault = each_config(config, check_config)) return report(log.get(), fault);
  *backend = Registry::instance().insert(std::make_shared<Backend>(log));
  return *backend != nullptr ? QNN_SUCCESS : QNN_BACKEND_ERROR_MEM_ALLOC;
}

Qnn_ErrorHandle_t QnnBackend_setConfig(Qnn_BackendHandle_t backend,
                                       const QnnBackend_Config_t** config) {
  const auto self = Registry::instance().find<Backend>(backend);
  if (self == nullptr)
    return report(nullptr, QNN_BACKEND_ERROR_INVALID_HANDLE, bad_handle("backend", backend));
  return report(self->log(), each_config(config, check_config));
}

Qnn_ErrorHandle_t QnnBackend_getApiVersion(Qnn_ApiVersion_t* pVersion) {
  if (pVersion == nullptr)
    return report(nullptr, QNN_BACKEND_ERROR_INVALID_ARGUMENT, null_argument("pVersion"));
  *pVersion = provider().apiVersion;
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnBackend_getBuildId(const char** id) {
  if (id == nullptr)
    return report(nullptr, QNN_BACKEND_ERROR_INVALID_ARGUMENT, null_argument("id"));
  *id = "rwkvc-host v1.0.0";
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnBackend_registerOpPackage(Qnn_BackendHandle_t backend, const char* packagePath,
                                               const char* interfaceProvider, const char*) {
  const auto self = Registry::instance().find<Backend>(backend);
  if (self == nullptr)
    return report(nullptr, QNN_BACKEND_ERROR_INVALID_HANDLE, bad_handle("backend", backend));
  if (packagePath == nullptr || interfaceProvider == nullptr)
    return report(self->log(), QNN_BACKEND_ERROR_INVALID_ARGUMENT,
                  null_argument(packagePath == nullptr ? "packagePath" : "interfaceProvider"));
  return report(self->log(), QNN_COMMON_ERROR_NOT_SUPPORTED,
                std::string("op packages are not supported: ") + packagePath);
}

Qnn_ErrorHandle_t QnnBackend_getSupportedOperations(Qnn_BackendHandle_t backend,
                                                    uint32_t* numOperations,
                                                    const QnnBackend_OperationName_t** operations) {
  const auto self = Registry::instance().find<Backend>(backend);
  if (self == nullptr)
    return report(nullptr, QNN_BACKEND_ERROR_INVALID_HANDLE, bad_handle("backend", backend));
  if (numOperations == nullptr || operations == nullptr)
    return report(self->log(), QNN_BACKEND_ERROR_INVALID_ARGUMENT,
                  null_argument(numOperations == nullptr ? "numOperations" : "operations"));
  static const std::vector<QnnBackend_OperationName_t> names = list_operations();
  *numOperations = static_cast<uint32_t>(names.size());
  *operations = names.data();
  return QNN_SUCCESS;
}

Qnn_ErrorHandle_t QnnBackend_validateOpConfig(Qnn_BackendHandle_t backend,
                                              Qnn_OpConfig_t opConfig) {
  const auto self = Registry::instance().find<Backend>(backend);
  if (self == nullptr)
    return report(nullptr, QNN_BACKEND_ERROR_INVALID_HANDLE, bad_handle("backend", backend));
  return report(self->log(), validate_op_config(opConfig));
}

/// Frees its contexts with it.
Qnn_ErrorHandle_t QnnBackend_free(Qnn_BackendHandle_t backend) {
  size_t freed = 0;
  const auto self = free_backend(backend, &freed);
  if (self == nullptr)
    return report(nullptr, QNN_BACKEND_ERROR_INVALID_HANDLE, bad_handle("backend", backend));
  if (freed > 0 && self->log() != nullptr) {
    self->log()->write(QNN_LOG_LEVEL_WARN, "the backend was freed before " + std::to_string(freed) +
                                               " of its contexts: they are freed with it");
  }
  return QNN_SUCCESS;
}
