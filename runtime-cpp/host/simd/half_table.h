#pragma once

#include <array>
#include <memory>

#include "kernel.h"

namespace qnn_host {

/// What a function of one float16 gives, by the bits it is given.
using HalfTable = std::array<uint16_t, 65536>;

/// The table of an element-wise function of one operand (exponentials, roots, activations), made
/// with the reference kernel: so the results are the same, whatever the function. Nodes that
/// compute the same share it. Null for other ops.
std::shared_ptr<const HalfTable> half_table(const Op& op);

}  // namespace qnn_host
