#pragma once

#include "Host/QnnHost.h"

namespace qnn_host {

/// The functions that the host backend offers beyond the QNN API.
const QnnHostDevice_Infrastructure_t& infrastructure();

}  // namespace qnn_host
