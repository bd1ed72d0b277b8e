#pragma once

#include <memory>
#include <string>

#include "kernel.h"

namespace qnn_host {

// What Quantize, Dequantize and Convert share: each element's number in another type, fixed point
// with one scale on at least one side.

std::string check_requantize(const Op& op);
std::unique_ptr<Kernel> make_requantize(const Op& op);

}  // namespace qnn_host
