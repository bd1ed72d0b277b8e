#pragma once

// A backend: the root object, made once per library and process, freed last.

#include "QnnCommon.h"
#include "QnnTypes.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  QNN_BACKEND_MIN_ERROR = 4000,
  QNN_BACKEND_NO_ERROR = 0,
  QNN_BACKEND_ERROR_MEM_ALLOC = 1002,
  QNN_BACKEND_ERROR_UNSUPPORTED_PLATFORM = 1006,
  QNN_BACKEND_ERROR_CANNOT_INITIALIZE = 4000,  // on HTP also: no supported SoC found
  QNN_BACKEND_ERROR_TERMINATE_FAILED = 4002,
  QNN_BACKEND_ERROR_NOT_SUPPORTED = 4003,  // op not available
  QNN_BACKEND_ERROR_INVALID_ARGUMENT = 4004,
  QNN_BACKEND_ERROR_OP_PACKAGE_NOT_FOUND = 4005,
  QNN_BACKEND_ERROR_OP_PACKAGE_IF_PROVIDER_NOT_FOUND = 4006,
  QNN_BACKEND_ERROR_OP_PACKAGE_REGISTRATION_FAILED = 4007,
  QNN_BACKEND_ERROR_OP_PACKAGE_UNSUPPORTED_VERSION = 4008,
  QNN_BACKEND_ERROR_OP_PACKAGE_DUPLICATE = 4009,
  QNN_BACKEND_ERROR_INCONSISTENT_CONFIG = 4010,
  QNN_BACKEND_ERROR_INVALID_HANDLE = 4011,
  QNN_BACKEND_ERROR_INVALID_CONFIG = 4012,
  QNN_BACKEND_MAX_ERROR = 4999,
  QNN_BACKEND_ERROR_UNDEFINED = 0x7FFFFFFF,
} QnnBackend_Error_t;

typedef enum {
  QNN_BACKEND_CONFIG_OPTION_CUSTOM = 0,
  QNN_BACKEND_CONFIG_OPTION_ERROR_REPORTING = 1,
  QNN_BACKEND_CONFIG_OPTION_PLATFORM = 2,  // "key:value" text, backend-defined
  QNN_BACKEND_CONFIG_OPTION_UNDEFINED = 0x7FFFFFFF,
} QnnBackend_ConfigOption_t;

typedef void* QnnBackend_CustomConfig_t;  // backend-defined record; HTP has none

// Lists of configs are null-terminated arrays of pointers, here and in every other header.
typedef struct {
  QnnBackend_ConfigOption_t option;
  union {
    QnnBackend_CustomConfig_t customConfig;
    Qnn_ErrorReportingConfig_t errorConfig;
    const char* platformOption;
  };
} QnnBackend_Config_t;
#define QNN_BACKEND_CONFIG_INIT                   \
  {                                               \
    QNN_BACKEND_CONFIG_OPTION_UNDEFINED, { NULL } \
  }

// What a registered op package offers. The array belongs to the backend.
typedef struct {
  const char* packageName;
  const char* name;
  const char* target;  // execution unit in the package's own terms; may be null
} QnnBackend_OperationName_t;
#define QNN_BACKEND_OPERATION_NAME_INIT \
  { NULL, NULL, NULL }

QNN_API Qnn_ErrorHandle_t QnnBackend_create(Qnn_LogHandle_t logger,
                                            const QnnBackend_Config_t** config,
                                            Qnn_BackendHandle_t* backend);
QNN_API Qnn_ErrorHandle_t QnnBackend_setConfig(Qnn_BackendHandle_t backend,
                                               const QnnBackend_Config_t** config);
QNN_API Qnn_ErrorHandle_t QnnBackend_getApiVersion(Qnn_ApiVersion_t* pVersion);

// The text belongs to the library. The slot may be null.
QNN_API Qnn_ErrorHandle_t QnnBackend_getBuildId(const char** id);
QNN_API Qnn_ErrorHandle_t QnnBackend_registerOpPackage(Qnn_BackendHandle_t backend,
                                                       const char* packagePath,
                                                       const char* interfaceProvider,
                                                       const char* target);
QNN_API Qnn_ErrorHandle_t
QnnBackend_getSupportedOperations(Qnn_BackendHandle_t backend, uint32_t* numOperations,
                                  const QnnBackend_OperationName_t** operations);

// Whether this backend takes the op with these tensors; needs no graph.
QNN_API Qnn_ErrorHandle_t QnnBackend_validateOpConfig(Qnn_BackendHandle_t backend,
                                                      Qnn_OpConfig_t opConfig);

// After its contexts and devices.
QNN_API Qnn_ErrorHandle_t QnnBackend_free(Qnn_BackendHandle_t backend);

#ifdef __cplusplus
}
#endif
