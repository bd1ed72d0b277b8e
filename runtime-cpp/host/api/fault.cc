#include "fault.h"

#include "log.h"

namespace qnn_host {
namespace {

thread_local Fault last;

}  // namespace

Qnn_ErrorHandle_t report(const Log* log, const Fault& fault) {
  if (!fault) return QNN_SUCCESS;
  last = fault;
  if (log != nullptr) log->write(QNN_LOG_LEVEL_ERROR, fault.text);
  return fault.code;
}

const Fault& last_fault() {
  return last;
}

std::string bad_handle(const char* what, const void* handle) {
  return std::string("the ") + what + " handle is " +
         (handle == nullptr ? "null"
                            : "not valid: freed, of another kind, or not from this library");
}

std::string null_argument(const char* name) {
  return std::string("argument ") + name + " is null";
}

}  // namespace qnn_host
