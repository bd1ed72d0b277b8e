// The formula of numerics/fixed_point.h, bit for bit: sums are exact in any order.

#include "fixed_linear_kernel.h"

#include <algorithm>
#include <cstring>

#include "exec/weight_store.h"
#include "fixed_products.h"
#include "fixed_rows.h"
#include "ops/fixed_linear.h"
#include "threads/thread_pool.h"

namespace qnn_host {
namespace {

/// Of a chunk: large enough that claiming it costs nothing, small enough that the last ones end
/// together.
constexpr uint64_t kChunkBytes = 64 << 10;
constexpr uint64_t kChunkRows = 16;  ///< at least, and a multiple of it

class FixedLinear : public Kernel, public ChunkedWork {
 public:
  FixedLinear(const Op& op, std::shared_ptr<const PackedWeight> weight)
      : weight_(std::move(weight)),
        rows_of_w_(op, weight_->data()),
        features_(op.inputs[1]->dims[0]),
        rows_(op.inputs[0]->elements() / rows_of_w_.rows().depth),
        y_offset_(op.outputs[0]->encoding.offsets[0]) {
    const FixedRows& w = rows_of_w_.rows();
    chunk_features_ = kChunkBytes / w.row_bytes() / kChunkRows * kChunkRows;
    chunk_features_ = std::min(std::max(chunk_features_, kChunkRows), features_);
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

  void run(const Buffers& buffers) const override {
    const auto* x = static_cast<const uint16_t*>(buffers.inputs[0]);
    if (buffers.threads != nullptr) {
      prepare(x, static_cast<int16_t*>(buffers.threads->operand(operand_bytes())));
      buffers.threads->run(*this, buffers.outputs[0]);
      return;
    }
    static thread_local std::vector<int16_t> operand;
    static thread_local std::vector<uint8_t> result;
    operand.resize(operand_bytes() / sizeof(int16_t));
    result.resize(chunk_bytes());
    prepare(x, operand.data());
    for (uint32_t chunk = 0; chunk < chunks(); ++chunk) {
      compute(operand.data(), chunk, result.data());
      commit(result.data(), chunk, buffers.outputs[0]);
    }
  }

  uint32_t chunks() const override {
    return static_cast<uint32_t>((features_ + chunk_features_ - 1) / chunk_features_);
  }
  uint64_t chunk_bytes() const override { return chunk_features_ * rows_ * sizeof(uint16_t); }

  void compute(const void* operand, uint32_t chunk, void* result) const override {
    const uint64_t first = chunk * chunk_features_;
    const uint64_t count = std::min(chunk_features_, features_ - first);
    static thread_local std::vector<int64_t> sums;
    sums.resize(rows_ * count);
    multiply_fixed(rows_of_w_.rows(), first, count, static_cast<const int16_t*>(operand), rows_,
                   sums.data());
    for (uint64_t t = 0; t < rows_; ++t)
      finish_fixed(&sums[t * count], &addends_[first], &multipliers_[first], y_offset_, count,
                   static_cast<uint16_t*>(result) + t * count);
  }

  void commit(const void* result, uint32_t chunk, void* output) const override {
    const uint64_t first = chunk * chunk_features_;
    const uint64_t count = std::min(chunk_features_, features_ - first);
    for (uint64_t t = 0; t < rows_; ++t)
      std::memcpy(static_cast<uint16_t*>(output) + t * features_ + first,
                  static_cast<const uint16_t*>(result) + t * count, count * sizeof(uint16_t));
  }

 private:
  uint64_t operand_bytes() const {
    return rows_ * fixed_operand_size(rows_of_w_.rows()) * sizeof(int16_t);
  }
  void prepare(const uint16_t* x, int16_t* to) const {
    const FixedRows& w = rows_of_w_.rows();
    for (uint64_t t = 0; t < rows_; ++t)
      arrange_fixed(w, x + t * w.depth, to + t * fixed_operand_size(w));
  }

  const std::shared_ptr<const PackedWeight> weight_;
  const FixedRowsOwner rows_of_w_;
  const uint64_t features_, rows_;
  const int32_t y_offset_;
  uint64_t chunk_features_ = 0;
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
