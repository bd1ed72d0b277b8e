#define QNN_API __attribute__((visibility("default")))
#include "interface.h"

extern "C" QNN_API Qnn_ErrorHandle_t QnnInterface_getProviders(const QnnInterface_t*** providers,
                                                               uint32_t* count) {
  static const QnnInterface_t* list[] = {&qnn_host::provider()};
  if (providers == nullptr || count == nullptr) return QNN_INTERFACE_ERROR_INVALID_PARAMETER;
  *providers = list;
  *count = 1;
  return QNN_SUCCESS;
}
