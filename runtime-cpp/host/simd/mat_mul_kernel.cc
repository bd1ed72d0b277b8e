// out[.., i, j] = sum_k a[.., i, k] * b[.., k, j], summed in float32, rounded once.
//
// Rows of a are widened; b is read as it lies: by dot products with its rows where it is
// transposed, else by adding its rows up.

#include "mat_mul_kernel.h"

#include <cstring>

#include "convert.h"
#include "exact.h"
#include "ops/shapes.h"
#include "products.h"

namespace qnn_host {
namespace {

void widen(const uint16_t* from, float* to, uint64_t count) {
  widen_run(from, to, count);
}
void widen(const float* from, float* to, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) to[i] = from[i];
}
bool narrow(const float* from, uint16_t* to, uint64_t count) {
  return narrow_run(from, to, count);
}
bool narrow(const float* from, float* to, uint64_t count) {
  widen(from, to, count);
  return outside_range(to, count);
}

bool few_products(const uint16_t* a, uint64_t rows, uint64_t depth, const uint16_t* b,
                  uint64_t columns, uint16_t* y) {
  return few_outer_products(a, rows, depth, b, columns, y);
}
bool few_products(const float*, uint64_t, uint64_t, const float*, uint64_t, float*) {
  return false;
}

template <typename T>
class MatMul : public Kernel {
 public:
  explicit MatMul(const Op& op)
      : a_transposed_(op.node.flag("transpose_in0", false)),
        b_transposed_(op.node.flag("transpose_in1", false)) {
    const Dims &a = op.inputs[0]->dims, &b = op.inputs[1]->dims, &out = op.outputs[0]->dims;
    rows_ = out[out.size() - 2];
    columns_ = out.back();
    depth_ = a[a.size() - (a_transposed_ ? 2 : 1)];
    a_offsets_ = offsets(a, out);
    b_offsets_ = offsets(b, out);
  }

  bool tells_outside() const override { return true; }
  void run(const Buffers& buffers) const override {
    T* y = static_cast<T*>(buffers.outputs[0]);
    bool outside = false;
    for (size_t i = 0; i < a_offsets_.size(); ++i, y += rows_ * columns_)
      outside = multiply(static_cast<const T*>(buffers.inputs[0]) + a_offsets_[i],
                         static_cast<const T*>(buffers.inputs[1]) + b_offsets_[i], y) ||
                outside;
    if (outside && buffers.outside != nullptr) *buffers.outside = true;
  }

 private:
  static std::vector<uint64_t> offsets(const Dims& dims, const Dims& out) {
    const Dims own(dims.begin(), dims.end() - 2), batch(out.begin(), out.end() - 2);
    Walk walk(batch, broadcast_strides(own, batch));
    std::vector<uint64_t> offsets(product(batch));
    for (uint64_t& offset : offsets) {
      offset = walk.offset() * product(dims, dims.size() - 2, dims.size());
      walk.next();
    }
    return offsets;
  }

  /// One matrix; whether it has values outside the finite range.
  bool multiply(const T* a, const T* b, T* y) const {
    // A single row lies the same either way.
    const bool by_columns = a_transposed_ && rows_ > 1, by_outer = by_columns && !b_transposed_;
    if (by_outer && few_products(a, rows_, depth_, b, columns_, y)) return false;
    static thread_local std::vector<float> sums;
    sums.resize(rows_ * columns_);
    std::memset(sums.data(), 0, sums.size() * sizeof(float));
    if (by_outer)
      add_outer_products(a, rows_, depth_, b, columns_, sums.data());
    else
      multiply_rows(a, by_columns, b, sums.data());
    if (!narrow(sums.data(), y, rows_ * columns_)) return false;
    mend(a, by_columns, b, y);
    return outside_range(y, rows_ * columns_);
  }

  void multiply_rows(const T* a, bool by_columns, const T* b, float* sums) const {
    static thread_local std::vector<float> rows, columns;
    rows.resize(rows_ * depth_);
    if (by_columns) {
      columns.resize(rows_ * depth_);
      widen(a, columns.data(), rows_ * depth_);
      transpose(columns.data(), rows_, depth_, rows_, rows.data(), depth_);
    } else {
      widen(a, rows.data(), rows_ * depth_);
    }
    for (uint64_t r = 0; r < rows_; ++r) {
      if (b_transposed_)
        dot_rows(b, depth_, columns_, depth_, &rows[r * depth_], sums + r * columns_);
      else
        add_rows(&rows[r * depth_], b, columns_, depth_, columns_, sums + r * columns_);
    }
  }

  void mend(const T* a, bool by_columns, const T* b, T* y) const {
    for (uint64_t r = 0; r < rows_; ++r) {
      const T* row = by_columns ? a + r : a + r * depth_;
      for (uint64_t j = 0; j < columns_; ++j, ++y) {
        if (!is_outside(*y)) continue;
        const T* column = b_transposed_ ? b + j * depth_ : b + j;
        store_exact(
            exact_dot(row, by_columns ? rows_ : 1, column, b_transposed_ ? 1 : columns_, depth_),
            y);
      }
    }
  }

  const bool a_transposed_, b_transposed_;
  uint64_t rows_ = 0, columns_ = 0, depth_ = 0;
  std::vector<uint64_t> a_offsets_, b_offsets_;
};

}  // namespace

std::unique_ptr<Kernel> make_mat_mul(const Op& op) {
  if (op.node.type != "MatMul" || op.inputs.size() != 2) return nullptr;
  if (op.inputs[1]->dtype != op.outputs[0]->dtype) return nullptr;
  if (op.outputs[0]->dtype == QNN_DATATYPE_FLOAT_16) return std::make_unique<MatMul<uint16_t>>(op);
  if (op.outputs[0]->dtype == QNN_DATATYPE_FLOAT_32) return std::make_unique<MatMul<float>>(op);
  return nullptr;
}

}  // namespace qnn_host
