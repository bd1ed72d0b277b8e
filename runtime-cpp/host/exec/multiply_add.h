#pragma once

#include <vector>

#include "memory_plan.h"

namespace qnn_host {

/// Makes one step of each Multiply and the Add behind it that the device computes as one operation
/// (half_rules.h, rounds_once): a float16 affine map, rounded once. The Multiply stays where others
/// read its result.
void join_multiply_adds(const GraphModel& model, std::vector<Step>* steps);

}  // namespace qnn_host
