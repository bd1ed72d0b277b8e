#pragma once

#include <string>

#include "QnnCommon.h"

namespace qnn_host {

/// Why a call is refused: the QNN code, and in words what was found and what was expected.
struct Fault {
  Qnn_ErrorHandle_t code = QNN_SUCCESS;
  std::string text;

  explicit operator bool() const { return code != QNN_SUCCESS; }
};

class Log;

/// Writes the fault to the log (which may be null), keeps it for QnnError_getVerboseMessage on this
/// thread, and gives its code.
Qnn_ErrorHandle_t report(const Log* log, const Fault& fault);
inline Qnn_ErrorHandle_t report(const Log* log, Qnn_ErrorHandle_t code, std::string text) {
  return report(log, Fault{code, std::move(text)});
}

/// The last fault that was reported on this thread.
const Fault& last_fault();

/// "the graph handle is null", "... is not valid (freed, of another kind, or never given out)".
std::string bad_handle(const char* what, const void* handle);
/// "argument name is null"
std::string null_argument(const char* name);

}  // namespace qnn_host
