#pragma once

#include "QnnInterface.h"

namespace qnn_host {

/// The one provider of this library. Lives as long as the library.
const QnnInterface_t& provider();

/// Version of the backend itself, of which context binaries tell.
constexpr Qnn_Version_t kBackendVersion = {1, 0, 0};

}  // namespace qnn_host
