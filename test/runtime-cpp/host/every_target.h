#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#if __has_include(<hwy/targets.h>)
#include <hwy/targets.h>
#endif

namespace qnn_host {

/// Calls `test` with the kernels dispatched to each instruction set of this machine.
template <typename Test>
void on_every_target(Test test) {
#if __has_include(<hwy/targets.h>)
  for (int64_t left = hwy::SupportedTargets() & HWY_TARGETS; left != 0; left &= left - 1) {
    SCOPED_TRACE(hwy::TargetName(left & -left));
    hwy::SetSupportedTargetsForTest(left & -left);
    test();
    hwy::SetSupportedTargetsForTest(0);
  }
#else
  test();
#endif
}

}  // namespace qnn_host
