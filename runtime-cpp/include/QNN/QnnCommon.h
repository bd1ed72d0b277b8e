#pragma once

// What every other header builds on: API version, export decoration, handle and error types, and
// the number ranges that tell which part of the API an error comes from.
//
// These headers are written from facts about the C ABI (core API 2.18, LP64). File, type and macro
// names match the vendor's SDK, so its own headers can take their place by include path alone.

#include <stddef.h>
#include <stdint.h>

// Decoration of exported functions. A library that implements the API defines it before including.
#ifndef QNN_API
#define QNN_API
#endif

// The generation these layouts belong to. A provider fits when its major is equal and its minor is
// at least this one; newer providers keep every layout declared here and only append slots.
#define QNN_API_VERSION_MAJOR 2
#define QNN_API_VERSION_MINOR 18
#define QNN_API_VERSION_PATCH 0

#define QNN_BACKEND_ID_NULL 0  // no backend, as in an empty interface record

#define QNN_SUCCESS 0

// One range of codes per API part. The code is the low 16 bits of a handle; backends may put
// details of their own above it.
#define QNN_MIN_ERROR_COMMON 1000
#define QNN_MAX_ERROR_COMMON 1999
#define QNN_MIN_ERROR_PROPERTY 2000
#define QNN_MAX_ERROR_PROPERTY 2999
#define QNN_MIN_ERROR_OP_PACKAGE 3000
#define QNN_MAX_ERROR_OP_PACKAGE 3999
#define QNN_MIN_ERROR_BACKEND 4000
#define QNN_MAX_ERROR_BACKEND 4999
#define QNN_MIN_ERROR_CONTEXT 5000
#define QNN_MAX_ERROR_CONTEXT 5999
#define QNN_MIN_ERROR_GRAPH 6000
#define QNN_MAX_ERROR_GRAPH 6999
#define QNN_MIN_ERROR_TENSOR 7000
#define QNN_MAX_ERROR_TENSOR 7999
#define QNN_MIN_ERROR_MEM 8000
#define QNN_MAX_ERROR_MEM 8999
#define QNN_MIN_ERROR_SIGNAL 9000
#define QNN_MAX_ERROR_SIGNAL 9999
#define QNN_MIN_ERROR_ERROR 10000
#define QNN_MAX_ERROR_ERROR 10999
#define QNN_MIN_ERROR_LOG 11000
#define QNN_MAX_ERROR_LOG 11999
#define QNN_MIN_ERROR_PROFILE 12000
#define QNN_MAX_ERROR_PROFILE 12999
#define QNN_MIN_ERROR_PERF_INFRASTRUCTURE 13000
#define QNN_MAX_ERROR_PERF_INFRASTRUCTURE 13999
#define QNN_MIN_ERROR_DEVICE 14000
#define QNN_MAX_ERROR_DEVICE 14999
#define QNN_MIN_ERROR_SYSTEM 30000
#define QNN_MAX_ERROR_SYSTEM 49999
#define QNN_MIN_ERROR_INTERFACE 60000
#define QNN_MAX_ERROR_INTERFACE 60999

#ifdef __cplusplus
extern "C" {
#endif

// Codes any call may answer. 1000 is normal for an optional feature the platform lacks (many on a
// PC); 1002 is also what one HTP graph over 3.5 GiB gives at finalize.
typedef enum {
  QNN_COMMON_MIN_ERROR = 1000,
  QNN_COMMON_ERROR_NOT_SUPPORTED = 1000,  // optional feature or slot absent
  QNN_COMMON_ERROR_MEM_ALLOC = 1002,
  QNN_COMMON_ERROR_SYSTEM = 1003,
  QNN_COMMON_ERROR_INVALID_ARGUMENT = 1004,
  QNN_COMMON_ERROR_OPERATION_NOT_PERMITTED = 1005,
  QNN_COMMON_ERROR_PLATFORM_NOT_SUPPORTED = 1006,
  // the link to the accelerator failed; a retry may work
  QNN_COMMON_ERROR_SYSTEM_COMMUNICATION = 1007,
  QNN_COMMON_ERROR_INCOMPATIBLE_BINARIES = 1008,
  QNN_COMMON_ERROR_LOADING_BINARIES = 1009,
  QNN_COMMON_ERROR_RESOURCE_UNAVAILABLE = 1010,
  // the link is gone; handles must be recreated
  QNN_COMMON_ERROR_SYSTEM_COMMUNICATION_FATAL = 1011,
  QNN_COMMON_ERROR_GENERAL = 1100,
  QNN_COMMON_MAX_ERROR = 1999,
  QNN_COMMON_ERROR_UNDEFINED = 0x7FFFFFFF,
} QnnCommon_Error_t;

// 0 is success; otherwise the code is in the low 16 bits.
typedef uint64_t Qnn_ErrorHandle_t;

// An untyped object reference. All handles below are aliases of it, so the compiler does not tell
// them apart.
typedef void* Qnn_Handle_t;

#ifdef __cplusplus
}
#endif
