#include <hwy/highway.h>
#include <hwy/targets.h>

#include "executor.h"
#include "kernel.h"

namespace qnn_host {

const char* instruction_set() {
#ifdef HWY_COMPILE_ONLY_STATIC
  // Built without Highway's library, for instructions that all CPUs of this kind have.
  return hwy::TargetName(HWY_STATIC_TARGET);
#else
  const int64_t targets = hwy::SupportedTargets();
  return hwy::TargetName(targets & -targets);  // better ones have lower bits
#endif
}

std::unique_ptr<Kernel> make_fast_kernel(const Op&) {
  return nullptr;
}

}  // namespace qnn_host
