#include "context_config.h"

#include "../validate/sane_enum.h"
#include "config_list.h"

namespace qnn_host {
namespace {

Fault invalid(const std::string& problem) {
  return {QNN_CONTEXT_ERROR_INVALID_CONFIG, "context config: " + problem};
}

Fault unsupported(const std::string& problem) {
  return {QNN_CONTEXT_ERROR_UNSUPPORTED_FEATURE, "context config: " + problem};
}

Fault read_one(const QnnContext_Config_t& config, bool loading, ContextOptions* options) {
  const QnnContext_ConfigOption_t option = sane(config.option);
  switch (option) {
    case QNN_CONTEXT_CONFIG_OPTION_PRIORITY:
      if (sane(config.priority) == QNN_PRIORITY_NORMAL) return {};
      return unsupported("there is only normal priority");
    case QNN_CONTEXT_CONFIG_OPTION_ERROR_REPORTING:
      if (sane(config.errorConfig.reportingLevel) == QNN_ERROR_REPORTING_LEVEL_BRIEF ||
          sane(config.errorConfig.reportingLevel) == QNN_ERROR_REPORTING_LEVEL_DETAILED)
        return {};
      return invalid("error reporting level " +
                     std::to_string(sane(config.errorConfig.reportingLevel)) +
                     " is not 0 (BRIEF) or 1 (DETAILED)");
    case QNN_CONTEXT_CONFIG_ENABLE_GRAPHS:
      if (!loading) return invalid("ENABLE_GRAPHS is for contexts that are made from a binary");
      if (config.enableGraphs == nullptr) return invalid("the list of graphs to enable is null");
      options->some_graphs = true;
      for (const char* const* name = config.enableGraphs; *name != nullptr; ++name)
        options->graphs.push_back(*name);
      return {};
    case QNN_CONTEXT_CONFIG_PERSISTENT_BINARY:
      if (!loading) return invalid("PERSISTENT_BINARY is for contexts that are made from a binary");
      options->persistent_binary = config.isPersistentBinary != 0;
      return {};
    case QNN_CONTEXT_CONFIG_BINARY_COMPATIBILITY:
      // A binary that can be loaded runs as fast as one made here.
      if (sane(config.binaryCompatibilityType) == QNN_CONTEXT_BINARY_COMPATIBILITY_PERMISSIVE ||
          sane(config.binaryCompatibilityType) == QNN_CONTEXT_BINARY_COMPATIBILITY_STRICT)
        return {};
      return invalid("unknown binary compatibility " +
                     std::to_string(sane(config.binaryCompatibilityType)));
    case QNN_CONTEXT_CONFIG_OPTION_OEM_STRING:
    case QNN_CONTEXT_CONFIG_ASYNC_EXECUTION_QUEUE_DEPTH:
    case QNN_CONTEXT_CONFIG_MEMORY_LIMIT_HINT:
      return unsupported("option " + std::to_string(option) + " is not supported");
    case QNN_CONTEXT_CONFIG_OPTION_CUSTOM:
      return invalid("the host backend has no custom options for contexts");
    default:
      return invalid("unknown option " + std::to_string(option));
  }
}

}  // namespace

Fault read_context_config(const QnnContext_Config_t* const* list, bool loading,
                          ContextOptions* options) {
  return each_config(
      list, [=](const QnnContext_Config_t& config) { return read_one(config, loading, options); });
}

}  // namespace qnn_host
