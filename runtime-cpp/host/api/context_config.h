#pragma once

#include <string>
#include <vector>

#include "QnnContext.h"
#include "fault.h"

namespace qnn_host {

struct ContextOptions {
  /// Load only these graphs of a binary.
  bool some_graphs = false;
  std::vector<std::string> graphs;
  /// The client keeps the binary until the context is freed: its data are not copied.
  bool persistent_binary = false;
};

/// Reads a null-terminated list (or null). `loading`: for a context that is made from a binary.
Fault read_context_config(const QnnContext_Config_t* const* list, bool loading,
                          ContextOptions* options);

}  // namespace qnn_host
