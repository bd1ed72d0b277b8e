#pragma once

#include <vector>

#include "api.h"
#include "tensor_info.h"

namespace rwkv {

/// A float16 model as a float32 one: how large its values are cannot be seen in float16 once they
/// have left its range. The table's composing calls declare every float16 tensor as float32 and
/// convert static data (exactly), so the graph that a model library builds with it computes the
/// same nodes in float32. The backend must take float32 nodes (host, CPU).
///
/// One table at a time in a process: the calls have no place of their own to keep what they wrap.
Api widened(const Api& api);

/// Boundary tensors, as the library describes them, in the type that they really have.
void widen(std::vector<TensorInfo>& tensors);
/// The graphs of a manifest.
void widen(Manifest& manifest);

}  // namespace rwkv
