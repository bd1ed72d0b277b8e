// The formula of numerics/fixed_point.h, bit for bit: sums are exact in any order.

#include "fixed_linear_kernel.h"

#include <hwy/cache_control.h>

#include <algorithm>

#include "exec/weight_store.h"
#include "feature_chunks.h"
#include "fixed_products.h"
#include "fixed_rows.h"
#include "ops/fixed_linear.h"

namespace qnn_host {
namespace {

/// Of a chunk: large enough that claiming it costs nothing, small enough that the last ones end
/// together, also those of small layers.
constexpr uint64_t kMostBytes = 64 << 10, kLeastBytes = 8 << 10, kChunks = 4;
constexpr uint64_t kChunkRows = 16;  ///< at least, and a multiple of it

uint64_t chunk_features(const Op& op) {
  const Tensor& weight = *op.inputs[1];
  const uint64_t bytes = std::max(kLeastBytes, std::min(kMostBytes, weight.bytes() / kChunks));
  const uint64_t features = weight.dims[0];
  return features_of_chunk(bytes, std::max(weight.bytes() / features, uint64_t{1}), kChunkRows,
                           features);
}

class FixedLinear : public FeatureChunks {
 public:
  FixedLinear(const Op& op, std::shared_ptr<const PackedWeight> weight)
      : FeatureChunks(op.inputs[0]->elements() / op.inputs[1]->dims[1], op.inputs[1]->dims[0],
                      chunk_features(op), sizeof(uint16_t)),
        weight_(std::move(weight)),
        rows_of_w_(op, weight_->data()),
        y_offset_(op.outputs[0]->encoding.offsets[0]) {
    const FixedRows& w = rows_of_w_.rows();
    std::vector<int16_t> ones(fixed_operand_size(w));
    arrange_ones(w, ones.data());
    std::vector<int64_t> row_sums(features_);
    multiply_fixed(w, 0, features_, ones.data(), 1, row_sums.data());
    const std::vector<FixedSum> sums = fixed_sums(op, fully_connected_rows(op), row_sums);
    for (uint64_t m = 0; m < features_; ++m) {
      // The products are of x - 32768: floor((s + 32768 w) / 256) = floor(s / 256) + 128 w.
      addends_.push_back(sums[m].addend + 128.0 * static_cast<double>(row_sums[m]));
      multipliers_.push_back(sums[m].multiplier);
    }
  }

  bool reads(size_t input) const override { return input == 0; }
  PackedView packed() const override { return weight_->view(); }

 protected:
  uint64_t operand_bytes() const override {
    return rows_ * fixed_operand_size(rows_of_w_.rows()) * sizeof(int16_t);
  }

  void prepare(const void* x, void* operand) const override {
    const FixedRows& w = rows_of_w_.rows();
    for (uint64_t t = 0; t < rows_; ++t)
      arrange_fixed(w, static_cast<const uint16_t*>(x) + t * w.depth,
                    static_cast<int16_t*>(operand) + t * fixed_operand_size(w));
  }

  void compute_features(const void* operand, uint64_t first, uint64_t count,
                        void* y) const override {
    static thread_local std::vector<int64_t> sums;
    sums.resize(rows_ * count);
    fetch(&addends_[first], count);
    fetch(&multipliers_[first], count);
    multiply_fixed(rows_of_w_.rows(), first, count, static_cast<const int16_t*>(operand), rows_,
                   sums.data());
    for (uint64_t t = 0; t < rows_; ++t)
      finish_fixed(&sums[t * count], &addends_[first], &multipliers_[first], y_offset_, count,
                   static_cast<uint16_t*>(y) + t * count);
  }

 private:
  /// Asked for before the products, numbers are there when these are done: they come once a token,
  /// each time from memory.
  static void fetch(const double* numbers, uint64_t count) {
    constexpr uint64_t kLine = 64 / sizeof(double);
    for (uint64_t i = 0; i < count; i += kLine) hwy::Prefetch(numbers + i);
  }

  const std::shared_ptr<const PackedWeight> weight_;
  const FixedRowsOwner rows_of_w_;
  const int32_t y_offset_;
  std::vector<double> addends_, multipliers_;
};

}  // namespace

std::unique_ptr<Kernel> make_fixed_linear_kernel(const Op& op) {
  if (op.node.type != "FullyConnected" || op.inputs[0]->dtype != QNN_DATATYPE_UFIXED_POINT_16 ||
      !can_stream(*op.inputs[1]))
    return nullptr;
  std::shared_ptr<const PackedWeight> weight = pack_weight(*op.inputs[1]);
  if (weight == nullptr) return nullptr;
  return std::make_unique<FixedLinear>(op, std::move(weight));
}

}  // namespace qnn_host
