#pragma once

#include <vector>

#include "memory_plan.h"

namespace qnn_host {

/// Joins chains of element-wise steps (and matrix products with one summand) whose values nobody
/// else reads: each goes over a block of values that stays in the nearest cache, one function after
/// the other, where single steps would write whole tensors and read them again. Every function
/// computes and rounds as it does alone, so the results are the same. The joined step stands in the
/// place of the last of them.
void fuse_steps(const GraphModel& model, std::vector<Step>* steps);

}  // namespace qnn_host
