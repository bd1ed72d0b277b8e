#pragma once

#include <memory>
#include <vector>

#include "kernel.h"
#include "overflow_watch.h"

namespace qnn_host {

/// Executes a graph node by node, every tensor in memory of its own, until a node makes a value
/// outside the finite range from inputs that are all inside; null when none does. `kernels` are
/// those of the nodes, null where a node only moves bytes. Slow, and rare: it is how an overflow
/// that was noticed is traced to where it began.
std::unique_ptr<OverflowReport> find_overflow(
    const GraphModel& model, const std::vector<std::shared_ptr<const Kernel>>& kernels,
    void* const* buffers);

}  // namespace qnn_host
