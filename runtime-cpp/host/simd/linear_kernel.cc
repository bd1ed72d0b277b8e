// y[t, m] = sum_n x[t, n] * w[m, n] + b[m], summed in float32 (products.h has the bound), rounded
// once.
//
// A few rows of x: dot products with the rows of w, which are read once, in order. Many: blocks of
// kBlockColumns rows of x, transposed, so that vectors run along t.
//
// Beside float16, weights of 8 or 4 bits become float16 chunk by chunk, where they stay in the
// cache.

#include "linear_kernel.h"

#include <algorithm>
#include <cstring>

#include "convert.h"
#include "exact.h"
#include "exec/weight_store.h"
#include "feature_chunks.h"
#include "fixed_rows.h"
#include "numerics/float16.h"
#include "products.h"

namespace qnn_host {
namespace {

/// Up to here a row of x at a time costs less than a block, whose smallest width is 16.
constexpr uint64_t kFewRows = 4;
/// Of a chunk of dot products: large enough that claiming it costs nothing, small enough that the
/// last ones end together.
constexpr uint64_t kChunkBytes = 128 << 10;
constexpr uint64_t kDotRows = 16;    ///< at least, and a multiple of it
constexpr uint64_t kBlockRows = 48;  ///< of a chunk of blocks: a multiple of what is taken at once
/// Of a chunk of weights that are decoded, as float16.
constexpr uint64_t kDecodedBytes = 32 << 10;
/// Rows of x that are transposed at once, the smallest width of a block.
constexpr uint64_t kTile = 16, kTileDepth = 64;

void widen(const uint16_t* from, float* to, uint64_t count) {
  widen_run(from, to, count);
}
void widen(const float* from, float* to, uint64_t count) {
  std::memcpy(to, from, count * sizeof(float));
}
void narrow(const float* from, uint16_t* to, uint64_t count) {
  narrow_run(from, to, count);
}
void narrow(const float* from, float* to, uint64_t count) {
  std::memcpy(to, from, count * sizeof(float));
}

template <typename T>
uint64_t chunk_features(const Op& op) {
  const Tensor& weight = *op.inputs[1];
  const uint64_t features = weight.dims[0], depth = weight.dims[1];
  if (op.inputs[0]->elements() / depth > kFewRows) return std::min(kBlockRows, features);
  const uint64_t bytes = is_fixed_point(weight.dtype) ? kDecodedBytes : kChunkBytes;
  return features_of_chunk(bytes, depth * sizeof(T), kDotRows, features);
}

template <typename T>
class Linear : public FeatureChunks {
 public:
  Linear(const Op& op, std::shared_ptr<const PackedWeight> weight)
      : FeatureChunks(op.inputs[0]->elements() / op.inputs[1]->dims[1], op.inputs[1]->dims[0],
                      chunk_features<T>(op), sizeof(T)),
        weight_(std::move(weight)),
        depth_(op.inputs[1]->dims[1]) {
    if (op.inputs.size() == 3) {
      bias_.resize(features_);
      widen(reinterpret_cast<const T*>(op.inputs[2]->data), bias_.data(), features_);
    }
    if (is_fixed_point(op.inputs[1]->dtype)) {
      quantized_ = std::make_unique<FixedRowsOwner>(op, weight_->data());
      for (const float scale : op.inputs[1]->encoding.scales)
        scales_.push_back(static_cast<float>(ieee_value(ieee_half(static_cast<double>(scale)))));
    }
  }

  bool reads(size_t input) const override { return input == 0; }
  PackedView packed() const override { return weight_->view(); }

 protected:
  uint64_t operand_bytes() const override {
    const uint64_t rows = rows_ <= kFewRows ? rows_ : column_blocks() * kBlockColumns;
    return rows * depth_ * sizeof(float);
  }

  /// Rows of x as float32; for blocks [block][n][t].
  void prepare(const void* from, void* operand) const override {
    const T* x = static_cast<const T*>(from);
    float* to = static_cast<float*>(operand);
    if (rows_ <= kFewRows) return widen(x, to, rows_ * depth_);
    for (uint64_t t = 0; t < rows_; t += kTile) {
      float* block = to + t / kBlockColumns * depth_ * kBlockColumns + t % kBlockColumns;
      for (uint64_t n = 0; n < depth_; n += kTileDepth)
        transpose_tile(x, t, n, block + n * kBlockColumns);
    }
  }

  void compute_features(const void* operand, uint64_t first, uint64_t count,
                        void* y) const override {
    const float* x = static_cast<const float*>(operand);
    const T* w = weights(first, count);
    if (rows_ <= kFewRows)
      dots(w, x, first, count, static_cast<T*>(y));
    else
      blocks(w, x, first, count, static_cast<T*>(y));
  }

 private:
  /// `count` rows; quantized ones as numbers, in memory of the calling thread.
  const T* weights(uint64_t first, uint64_t count) const {
    if (quantized_ == nullptr) return reinterpret_cast<const T*>(weight_->data()) + first * depth_;
    static thread_local std::vector<uint16_t> decoded;
    decoded.resize(count * depth_);
    for (uint64_t i = 0; i < count; ++i)
      decode_row(quantized_->rows(), first + i, scales_[scales_.size() == 1 ? 0 : first + i],
                 &decoded[i * depth_]);
    return reinterpret_cast<const T*>(decoded.data());
  }

  uint64_t column_blocks() const { return (rows_ + kBlockColumns - 1) / kBlockColumns; }

  /// kTile rows of x; zeros behind the last one: whole cache lines are written.
  void transpose_tile(const T* x, uint64_t t, uint64_t n, float* to) const {
    float tile[kTile][kTileDepth];
    const uint64_t rows = std::min(kTile, rows_ - t), columns = std::min(kTileDepth, depth_ - n);
    for (uint64_t i = 0; i < rows; ++i) widen(x + (t + i) * depth_ + n, tile[i], columns);
    for (uint64_t i = rows; i < kTile; ++i) std::fill(tile[i], tile[i] + kTileDepth, 0.0f);
    transpose(tile[0], kTileDepth, kTile, columns, to, kBlockColumns);
  }

  void dots(const T* w, const float* x, uint64_t first, uint64_t count, T* y) const {
    static thread_local std::vector<float> sums;
    sums.resize(count);
    for (uint64_t t = 0; t < rows_; ++t) {
      dot_rows(w, depth_, count, depth_, x + t * depth_, sums.data());
      add_bias(first, count, sums.data());
      narrow(sums.data(), y + t * count, count);
      mend(w, x + t * depth_, 1, first, count, y + t * count);
    }
  }

  void blocks(const T* w, const float* x, uint64_t first, uint64_t count, T* y) const {
    static thread_local std::vector<float> sums, lines;
    sums.resize(count * kBlockColumns);
    lines.resize(count * kBlockColumns);
    for (uint64_t block = 0; block < column_blocks(); ++block) {
      const float* operand = x + block * depth_ * kBlockColumns;
      const uint64_t columns = std::min(kBlockColumns, rows_ - block * kBlockColumns);
      multiply_block(w, depth_, count, depth_, operand, (columns + kTile - 1) / kTile * kTile,
                     sums.data());
      transpose(sums.data(), kBlockColumns, count, columns, lines.data(), count);
      T* to = y + block * kBlockColumns * count;
      for (uint64_t t = 0; t < columns; ++t) add_bias(first, count, &lines[t * count]);
      narrow(lines.data(), to, columns * count);
      if (!outside_range(to, columns * count)) continue;
      for (uint64_t t = 0; t < columns; ++t)
        mend(w, operand + t, kBlockColumns, first, count, to + t * count);
    }
  }

  void add_bias(uint64_t first, uint64_t count, float* sums) const {
    if (bias_.empty()) return;
    for (uint64_t i = 0; i < count; ++i) sums[i] += bias_[first + i];
  }

  void mend(const T* w, const float* x, uint64_t step, uint64_t first, uint64_t count, T* y) const {
    if (!outside_range(y, count)) return;
    for (uint64_t i = 0; i < count; ++i) {
      if (!is_outside(y[i])) continue;
      double sum = exact_dot(x, step, w + i * depth_, 1, depth_);
      if (!bias_.empty()) sum += static_cast<double>(bias_[first + i]);
      store_exact(sum, &y[i]);
    }
  }

  const std::shared_ptr<const PackedWeight> weight_;
  const uint64_t depth_;
  std::vector<float> bias_;
  /// Of quantized weights: where they lie, and the scales, one or one per output.
  std::unique_ptr<FixedRowsOwner> quantized_;
  std::vector<float> scales_;
};

}  // namespace

std::unique_ptr<Kernel> make_linear(const Op& op) {
  if (op.node.type != "FullyConnected" || !op.inputs[1]->is_static()) return nullptr;
  if (op.inputs.size() == 3 && !op.inputs[2]->is_static()) return nullptr;
  const Qnn_DataType_t dtype = op.inputs[0]->dtype;
  const bool is_half = dtype == QNN_DATATYPE_FLOAT_16;
  if (!is_half && dtype != QNN_DATATYPE_FLOAT_32) return nullptr;
  if (op.inputs[1]->dtype != dtype && !can_stream(*op.inputs[1])) return nullptr;
  std::shared_ptr<const PackedWeight> weight = pack_weight(*op.inputs[1]);
  if (weight == nullptr) return nullptr;
  if (is_half) return std::make_unique<Linear<uint16_t>>(op, std::move(weight));
  return std::make_unique<Linear<float>>(op, std::move(weight));
}

}  // namespace qnn_host
