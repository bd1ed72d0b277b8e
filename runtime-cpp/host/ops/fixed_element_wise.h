#pragma once

#include <memory>

#include "kernel.h"

namespace qnn_host {

/// Each element's value through `function`, to the nearest that the output can hold. All tensors
/// are fixed point with one scale; types may differ.
std::unique_ptr<Kernel> make_fixed_function(const Op& op, double (*function)(double));

}  // namespace qnn_host
