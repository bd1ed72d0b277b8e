#define QNN_API __attribute__((visibility("default")))
#include "QnnInterface.h"

extern "C" QNN_API Qnn_ErrorHandle_t QnnInterface_getProviders(const QnnInterface_t*** providers, uint32_t* count) {
  (void)providers;
  (void)count;
  return QNN_INTERFACE_ERROR_NOT_SUPPORTED;
}
