#pragma once

// Version and name of the System library, which reads context binaries without a backend.

#include "../QnnCommon.h"

#define QNN_SYSTEM_INTERFACE_PROVIDER_NAME "SYSTEM_QTI_AISW"
#define QNN_SYSTEM_API_VERSION_MAJOR 1
#define QNN_SYSTEM_API_VERSION_MINOR 1
#define QNN_SYSTEM_API_VERSION_PATCH 0
