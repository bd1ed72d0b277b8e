#pragma once

#include <memory>
#include <vector>

#include "kernel.h"

namespace qnn_host {

/// What an element-wise node computes for one index of its leading axes: a slice. The same for all.
class SliceFunction {
 public:
  virtual ~SliceFunction() = default;
  /// Pointers to where the slice begins. `output` may be an input that is not broadcast.
  virtual void run(const void* const* inputs, void* output) const = 0;
};

/// A node cut along its first axes.
struct SlicedOp {
  std::unique_ptr<SliceFunction> function;  ///< null: there is none for this op
  /// Byte offsets in each input, by slice.
  std::vector<std::vector<uint64_t>> offsets;
  uint64_t slices = 0;
  uint64_t output_bytes = 0;  ///< of one slice
  /// Bit i: the output may lie on input i.
  uint32_t overwritable = 0;
};

/// Cuts along the first `axes` axes of the output (fewer than its rank). Element-wise functions,
/// and matrix products with one summand.
SlicedOp slice_op(const Op& op, size_t axes);

/// The whole node as a kernel, or null.
std::unique_ptr<Kernel> make_element_wise(const Op& op);

}  // namespace qnn_host
