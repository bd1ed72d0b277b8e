#pragma once

#include <memory>

#include "kernel.h"

namespace qnn_host {

/// FullyConnected with static weights, or null.
std::unique_ptr<Kernel> make_linear(const Op& op);

}  // namespace qnn_host
