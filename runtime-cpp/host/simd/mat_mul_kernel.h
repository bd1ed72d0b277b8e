#pragma once

#include <memory>

#include "kernel.h"

namespace qnn_host {

/// MatMul of float16 or float32 without bias, or null. For the small products of states and heads:
/// one matrix of the batch after the other, on the caller's thread.
std::unique_ptr<Kernel> make_mat_mul(const Op& op);

}  // namespace qnn_host
