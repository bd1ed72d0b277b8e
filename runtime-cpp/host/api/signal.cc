#include "QnnSignal.h"

#include "backend.h"
#include "fault.h"

using namespace qnn_host;

// Calls of this backend cannot be stopped from outside, so there are no signals, and no signal
// handle is ever valid.

namespace {

Qnn_ErrorHandle_t no_such(Qnn_SignalHandle_t signal) {
  return report(nullptr, QNN_SIGNAL_ERROR_INVALID_HANDLE, bad_handle("signal", signal));
}

}  // namespace

Qnn_ErrorHandle_t QnnSignal_create(Qnn_BackendHandle_t backend, const QnnSignal_Config_t**,
                                   Qnn_SignalHandle_t* signal) {
  const auto owner = Registry::instance().find<Backend>(backend);
  if (owner == nullptr)
    return report(nullptr, QNN_SIGNAL_ERROR_INVALID_HANDLE, bad_handle("backend", backend));
  if (signal == nullptr)
    return report(owner->log(), QNN_SIGNAL_ERROR_INVALID_ARGUMENT, null_argument("signal"));
  return report(owner->log(), QNN_SIGNAL_ERROR_UNSUPPORTED, "signals are not supported");
}

Qnn_ErrorHandle_t QnnSignal_setConfig(Qnn_SignalHandle_t signal, const QnnSignal_Config_t**) {
  return no_such(signal);
}

Qnn_ErrorHandle_t QnnSignal_trigger(Qnn_SignalHandle_t signal) {
  return no_such(signal);
}

Qnn_ErrorHandle_t QnnSignal_free(Qnn_SignalHandle_t signal) {
  return no_such(signal);
}
