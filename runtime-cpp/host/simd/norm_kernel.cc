// Norms of float16 rows, computed in float32 with float64 nowhere: at most one unit in the last
// place of float16 beside the reference, which is in double; beyond it by (mean / deviation) 2^-22
// where a row is nearly constant.

#include "norm_kernel.h"

#include <cmath>

#include "convert.h"
#include "norms.h"
#include "ops/shapes.h"

namespace qnn_host {
namespace {

/// Rows that hold values outside the finite range go to the reference kernel, all of them.
class Norm : public Kernel {
 public:
  Norm(const Op& op, bool centred, float epsilon, bool has_gamma, bool has_beta)
      : reference_(find_op(op.node.type)->reference(op)),
        extent_(op.inputs[0]->dims.back()),
        rows_(op.inputs[0]->elements() / extent_),
        epsilon_(epsilon),
        centred_(centred),
        has_gamma_(has_gamma),
        has_beta_(has_beta) {}

  void run(const Buffers& buffers) const override {
    const auto* x = static_cast<const uint16_t*>(buffers.inputs[0]);
    const auto* gamma = static_cast<const uint16_t*>(has_gamma_ ? buffers.inputs[1] : nullptr);
    const auto* beta = static_cast<const uint16_t*>(has_beta_ ? buffers.inputs[2] : nullptr);
    auto* y = static_cast<uint16_t*>(buffers.outputs[0]);
    static thread_local std::vector<float> row;
    row.resize(extent_);
    if (outside_range(x, rows_ * extent_)) return reference_->run(buffers);
    for (uint64_t i = 0; i < rows_; ++i) {
      widen_run(x + i * extent_, row.data(), extent_);
      if (centred_)
        layer_norm_row(row.data(), extent_, epsilon_, gamma, beta);
      else
        l2_norm_row(row.data(), extent_, epsilon_);
      if (narrow_away_run(row.data(), y + i * extent_, extent_)) return reference_->run(buffers);
    }
  }

 private:
  const std::unique_ptr<Kernel> reference_;
  const uint64_t extent_, rows_;
  const float epsilon_;
  const bool centred_, has_gamma_, has_beta_;
};

bool over_last_axis(const Op& op) {
  const std::vector<int32_t> axes = op.node.list("axes");
  const size_t rank = op.inputs[0]->dims.size();
  if (axes.empty()) return op.node.u32("axis", 0) + 1 == rank;
  return axes.size() == 1 && static_cast<size_t>(axes[0]) + 1 == rank;
}

}  // namespace

std::unique_ptr<Kernel> make_norm(const Op& op) {
  const bool layer = op.node.type == "LayerNorm", l2 = op.node.type == "L2Norm";
  if ((!layer && !l2) || op.outputs[0]->dtype != QNN_DATATYPE_FLOAT_16 || !over_last_axis(op))
    return nullptr;
  const float epsilon = op.node.f32("epsilon", layer ? 1e-3f : 1e-12f);
  return std::make_unique<Norm>(op, layer, epsilon, layer && op.inputs.size() > 1,
                                layer && op.inputs.size() > 2);
}

}  // namespace qnn_host
