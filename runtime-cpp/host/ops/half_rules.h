#pragma once

#include "kernel.h"

namespace qnn_host {

// Where float16 on the device depends on a node's form or neighbours (measured on the simulator for
// v75; the same on v73 to v81).

/// Whether an ElementWiseAdd rounds as matrix products do (IEEE, ties to even, infinity) instead of
/// as the vector unit does (extended range, ties away from zero). It does when the last extent is
/// 16 or more, and neither operand is broadcast, or only the first one and that is a constant row:
/// [1, .., 1, N] + [.., N].
bool add_is_ieee(const Op& add);

/// Whether a Sigmoid or Tanh is computed by the coarse, fused form: when its input comes, through
/// Reshapes or directly, from FullyConnected, Conv2d, MatMul or an addition that rounds as those
/// do. (Without `op.model` an addition counts as one.) Not modelled: some numbers of rows,
/// multiples of 8, at which the device does not fuse.
bool is_fused_activation(const Op& op);

/// Whether a Multiply and the Add that reads its result are one operation on the device, rounded
/// once (ties away from zero): both have a constant row [N] or [1, .., 1, N] as second operand, and
/// the product is the Add's first. Kernels see one node: the executor joins the two
/// (exec/multiply_add.h).
bool rounds_once(const Op& multiply, const Op& add);

}  // namespace qnn_host
