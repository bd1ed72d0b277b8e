#pragma once

// Signals: stop or time-limit a running call. One signal serves one call at a time.

#include "QnnCommon.h"
#include "QnnTypes.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  QNN_SIGNAL_MIN_ERROR = 9000,
  QNN_SIGNAL_NO_ERROR = 0,
  QNN_SIGNAL_ERROR_UNSUPPORTED = 1000,
  QNN_SIGNAL_ERROR_SIGNAL_IN_USE = 9000,
  QNN_SIGNAL_ERROR_SIGNAL_IDLE = 9001,
  QNN_SIGNAL_ERROR_INVALID_ARGUMENT = 9002,
  QNN_SIGNAL_ERROR_INVALID_HANDLE = 9003,
  QNN_SIGNAL_ERROR_TIMEOUT = 9004,
  QNN_SIGNAL_ERROR_INCOMPATIBLE_SIGNAL_TYPE = 9005,
  QNN_SIGNAL_ERROR_MEM_ALLOC = 1002,
  QNN_SIGNAL_MAX_ERROR = 9999,
  QNN_SIGNAL_ERROR_UNDEFINED = 0x7FFFFFFF,
} QnnSignal_Error_t;

typedef enum {
  QNN_SIGNAL_CONFIG_OPTION_CUSTOM = 0,
  QNN_SIGNAL_CONFIG_OPTION_ABORT = 1,
  QNN_SIGNAL_CONFIG_OPTION_TIMEOUT = 2,
  QNN_SIGNAL_CONFIG_UNDEFINED = 0x7FFFFFFF,
} QnnSignal_ConfigOption_t;

typedef void* QnnSignal_CustomConfig_t;

typedef struct {
  QnnSignal_ConfigOption_t option;
  union {
    QnnSignal_CustomConfig_t customConfig;
    uint64_t timeoutDurationUs;  // counts from the start of the call
  };
} QnnSignal_Config_t;
#define QNN_SIGNAL_CONFIG_INIT            \
  {                                       \
    QNN_SIGNAL_CONFIG_UNDEFINED, { NULL } \
  }

QNN_API Qnn_ErrorHandle_t QnnSignal_create(Qnn_BackendHandle_t backend,
                                           const QnnSignal_Config_t** config,
                                           Qnn_SignalHandle_t* signal);
QNN_API Qnn_ErrorHandle_t QnnSignal_setConfig(Qnn_SignalHandle_t signal,
                                              const QnnSignal_Config_t** config);

// Aborts the call that holds the signal; that call answers its own ABORTED code.
QNN_API Qnn_ErrorHandle_t QnnSignal_trigger(Qnn_SignalHandle_t signal);
QNN_API Qnn_ErrorHandle_t QnnSignal_free(Qnn_SignalHandle_t signal);

#ifdef __cplusplus
}
#endif
