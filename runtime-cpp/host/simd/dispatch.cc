#include <hwy/highway.h>
#include <hwy/targets.h>

#include "executor.h"
#include "fixed_linear_kernel.h"
#include "fixed_slices.h"
#include "kernel.h"
#include "linear_kernel.h"
#include "mat_mul_kernel.h"
#include "norm_kernel.h"
#include "slices.h"

namespace qnn_host {

const char* instruction_set() {
  const int64_t targets = HWY_SUPPORTED_TARGETS;
  return hwy::TargetName(targets & -targets);  // better ones have lower bits
}

std::unique_ptr<Kernel> make_fast_kernel(const Op& op) {
  // A matrix product with one summand is element-wise, so that comes before make_mat_mul.
  for (const auto make : {make_element_wise, make_linear, make_fixed_linear_kernel, make_mat_mul,
                          make_norm, make_fixed_norm}) {
    if (std::unique_ptr<Kernel> kernel = make(op)) return kernel;
  }
  return nullptr;
}

}  // namespace qnn_host
