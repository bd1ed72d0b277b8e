#pragma once

#include <memory>

#include "kernel.h"
#include "runs.h"
#include "slices.h"

namespace qnn_host {

/// What an element-wise node of uint16 fixed point (or between that and float16) computes; null for
/// other nodes. `runs` is of the two operands, for those that have two.
std::unique_ptr<SliceFunction> fixed_slice(const Op& op, const Runs* runs, uint64_t count);
bool is_fixed_binary(const Op& op);

/// LayerNorm of uint16 fixed point over the last axis, or null.
std::unique_ptr<Kernel> make_fixed_norm(const Op& op);

}  // namespace qnn_host
