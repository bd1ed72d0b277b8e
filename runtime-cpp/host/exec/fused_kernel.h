#pragma once

#include <memory>
#include <vector>

#include "kernel.h"

namespace qnn_host {

/// Where a function of a fused kernel takes an operand from.
struct FusedSource {
  bool inner;      ///< from another function, else from an input of the kernel
  uint32_t index;  ///< which one
};

/// Whether the op can be computed in blocks.
bool can_slice(const Op& op);

/// One kernel for several ops with outputs of the same dims and type, each using earlier ones; the
/// last one's output is the kernel's. Null when they cannot be cut into blocks.
std::unique_ptr<Kernel> make_fused_kernel(const std::vector<Op>& ops,
                                          const std::vector<std::vector<FusedSource>>& sources);

}  // namespace qnn_host
