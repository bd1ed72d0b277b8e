#pragma once

#include <memory>

#include "kernel.h"

namespace qnn_host {

/// FullyConnected of 16-bit fixed point with static weights of 8 or 4 bits, or null.
std::unique_ptr<Kernel> make_fixed_linear_kernel(const Op& op);

}  // namespace qnn_host
