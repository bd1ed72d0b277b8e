#pragma once

// Logging: a callback the backend calls with printf-style text.

#include <stdarg.h>

#include "QnnCommon.h"
#include "QnnTypes.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  QNN_LOG_MIN_ERROR = 11000,
  QNN_LOG_NO_ERROR = 0,
  QNN_LOG_ERROR_MEM_ALLOC = 1002,
  QNN_LOG_ERROR_INITIALIZATION = 11002,
  QNN_LOG_ERROR_INVALID_ARGUMENT = 11003,
  QNN_LOG_ERROR_INVALID_HANDLE = 11004,
  QNN_LOG_MAX_ERROR = 11999,
  QNN_LOG_ERROR_UNDEFINED = 0x7FFFFFFF,
} QnnLog_Error_t;

// VERBOSE and DEBUG on HTP print the SoC, its arch and every compile option with its value.
typedef enum {
  QNN_LOG_LEVEL_ERROR = 1,
  QNN_LOG_LEVEL_WARN = 2,
  QNN_LOG_LEVEL_INFO = 3,
  QNN_LOG_LEVEL_VERBOSE = 4,
  QNN_LOG_LEVEL_DEBUG = 5,
  QNN_LOG_LEVEL_MAX = 0x7FFFFFFF,
} QnnLog_Level_t;

// `timestamp` has the backend's own unit and origin. The va_list may be read once only: copy it for
// a second pass. Calls may come from any thread.
typedef void (*QnnLog_Callback_t)(const char* fmt, QnnLog_Level_t level, uint64_t timestamp,
                                  va_list argp);

// A null callback means standard output, where libraries of SDK 2.48 and newer also print a banner:
// do not parse it.
QNN_API Qnn_ErrorHandle_t QnnLog_create(QnnLog_Callback_t callback, QnnLog_Level_t maxLogLevel,
                                        Qnn_LogHandle_t* logger);
QNN_API Qnn_ErrorHandle_t QnnLog_setLogLevel(Qnn_LogHandle_t logger, QnnLog_Level_t maxLogLevel);

// After every object that was made with this logger.
QNN_API Qnn_ErrorHandle_t QnnLog_free(Qnn_LogHandle_t logger);

#ifdef __cplusplus
}
#endif
