#pragma once

#include <memory>

#include "kernel.h"

namespace qnn_host {

/// LayerNorm and L2Norm of float16 over the last axis, or null.
std::unique_ptr<Kernel> make_norm(const Op& op);

}  // namespace qnn_host
