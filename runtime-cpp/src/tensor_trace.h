#pragma once

#include <string>
#include <vector>

#include "graph_runner.h"

namespace rwkv {

/// The values of a graph's outputs and inputs as float32, run by run. Borrows the runner. Of a
/// graph that was composed with every value readable these are all its tensors but constants.
class TensorTrace {
 public:
  struct Tensor {
    const TensorInfo* info = nullptr;
    bool is_input = false;
    size_t index = 0;  ///< place among the graph's inputs or outputs
    ElementCodec codec;
    uint64_t offset = 0;  ///< of its first value in a row
  };

  /// The tensors of these names, in this order; all outputs whose type has a float32 when `names`
  /// is empty.
  static Result<TensorTrace> create(const GraphRunner& runner,
                                    const std::vector<std::string>& names);
  /// No tensors.
  static TensorTrace nothing(const GraphRunner& runner) { return TensorTrace(runner); }

  const std::vector<Tensor>& tensors() const { return tensors_; }
  /// Values of all tensors together.
  uint64_t row_values() const { return row_values_; }
  /// What the last run wrote: row_values() values, tensor after tensor.
  void read(float* row) const;
  /// What it wrote to one tensor: where it stands when that is float32, else in `room`, which has
  /// space for its elements.
  const float* read(const Tensor& tensor, float* room) const;

 private:
  explicit TensorTrace(const GraphRunner& runner) : runner_(&runner) {}
  Status add(const TensorInfo& info, bool is_input, size_t index);

  const GraphRunner* runner_;
  std::vector<Tensor> tensors_;
  uint64_t row_values_ = 0;
};

/// What a tensor's values were, over all rows seen.
struct TensorRange {
  float low = 0;  ///< of the finite values, as `high`
  float high = 0;
  uint64_t finite = 0;
  uint64_t not_finite = 0;
  uint64_t largest_at = 0;           ///< row of the largest finite magnitude
  uint64_t first_not_finite_at = 0;  ///< row; only when `not_finite` is not 0

  float largest() const;
  void add(const float* values, uint64_t count, uint64_t row);
};

}  // namespace rwkv
