#pragma once

// Identity of the HTP backend. Its API minor (backendApiVersion) equals the SDK's minor and gates
// the options of the other headers here; this one is the generation the layouts are taken from.

#include "../QnnCommon.h"

#define QNN_BACKEND_ID_HTP 6
#define QNN_HTP_INTERFACE_PROVIDER_NAME "HTP_QTI_AISW"

#define QNN_HTP_API_VERSION_MAJOR 5
#define QNN_HTP_API_VERSION_MINOR 43
#define QNN_HTP_API_VERSION_PATCH 0
