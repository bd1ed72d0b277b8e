#include "slices.h"

#include <algorithm>
#include <cmath>

#include "element_wise.h"
#include "fixed_slices.h"
#include "half_table.h"
#include "ops/fixed_tensors.h"
#include "ops/half_rules.h"
#include "ops/shapes.h"
#include "runs.h"

namespace qnn_host {
namespace {

template <typename T>
class BinarySlice : public SliceFunction {
 public:
  BinarySlice(Binary f, Runs runs) : f_(f), runs_(std::move(runs)) {}
  void run(const void* const* inputs, void* output) const override {
    const T *a = static_cast<const T*>(inputs[0]), *b = static_cast<const T*>(inputs[1]);
    T* out = static_cast<T*>(output);
    const Runs::Axis &row = runs_.row(), &block = runs_.block();
    runs_.for_each([&](uint64_t a_at, uint64_t b_at, uint64_t at) {
      binary_rows(f_, {a + a_at, block.a, row.a != 0}, {b + b_at, block.b, row.b != 0}, out + at,
                  block.out, block.extent, row.extent);
    });
  }

 private:
  const Binary f_;
  const Runs runs_;
};

class ReluSlice : public SliceFunction {
 public:
  explicit ReluSlice(uint64_t count) : count_(count) {}
  void run(const void* const* inputs, void* output) const override {
    relu_run(static_cast<const uint16_t*>(inputs[0]), static_cast<uint16_t*>(output), count_);
  }

 private:
  const uint64_t count_;
};

class TableSlice : public SliceFunction {
 public:
  TableSlice(std::shared_ptr<const HalfTable> table, uint64_t count)
      : table_(std::move(table)), count_(count) {}
  void run(const void* const* inputs, void* output) const override {
    const auto* x = static_cast<const uint16_t*>(inputs[0]);
    auto* y = static_cast<uint16_t*>(output);
    for (uint64_t i = 0; i < count_; ++i) y[i] = (*table_)[x[i]];
  }

 private:
  const std::shared_ptr<const HalfTable> table_;
  const uint64_t count_;
};

bool binary_of(const Op& op, Binary* f) {
  const std::string& type = op.node.type;
  if (type == "ElementWiseAdd") {
    *f = add_is_ieee(op) ? Binary::kSum : Binary::kAdd;
  } else if (type == "ElementWiseSubtract") {
    *f = Binary::kSubtract;
  } else if (type == "ElementWiseMultiply") {
    *f = Binary::kMultiply;
  } else if (type == "ElementWiseMaximum") {
    *f = Binary::kMaximum;
  } else if (type == "ElementWiseMinimum") {
    *f = Binary::kMinimum;
  } else {
    return false;
  }
  return true;
}

/// Strides of an operand of a matrix product along the output's axes; `rows`: it is the left one.
std::vector<uint64_t> product_strides(const Dims& dims, const Dims& out, bool left) {
  Dims leading(dims.begin(), dims.end() - 2), out_leading(out.begin(), out.end() - 2);
  std::vector<uint64_t> strides = broadcast_strides(leading, out_leading);
  const uint64_t matrix = product(dims, dims.size() - 2, dims.size());
  for (uint64_t& stride : strides) stride *= matrix;
  // One summand: the matrix is a row or a column, whose elements are next to one another.
  strides.push_back(left ? 1 : 0);
  strides.push_back(left ? 0 : 1);
  return strides;
}

bool has_one_summand(const Op& op) {
  if (op.node.type != "MatMul" || op.inputs.size() != 2) return false;
  if (op.inputs[1]->dtype != op.outputs[0]->dtype) return false;
  const Dims& a = op.inputs[0]->dims;
  return a[a.size() - (op.node.flag("transpose_in0", false) ? 2 : 1)] == 1;
}

struct Operands {
  Binary f = Binary::kAdd;     ///< of floating point
  std::vector<uint64_t> a, b;  ///< strides in elements
};

bool operands_of(const Op& op, Operands* operands) {
  const Dims& out = op.outputs[0]->dims;
  if (has_one_summand(op)) {
    *operands = {Binary::kProduct, product_strides(op.inputs[0]->dims, out, true),
                 product_strides(op.inputs[1]->dims, out, false)};
    return true;
  }
  if (!binary_of(op, &operands->f) && !is_fixed_binary(op)) return false;
  operands->a = broadcast_strides(op.inputs[0]->dims, out);
  operands->b = broadcast_strides(op.inputs[1]->dims, out);
  return true;
}

/// Where each slice begins.
std::vector<uint64_t> offsets_of(const Dims& dims, const std::vector<uint64_t>& strides,
                                 size_t axes, uint32_t size) {
  const Dims leading(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(axes));
  Walk walk(leading, std::vector<uint64_t>(strides.begin(),
                                           strides.begin() + static_cast<std::ptrdiff_t>(axes)));
  std::vector<uint64_t> offsets(product(leading));
  for (uint64_t& offset : offsets) {
    offset = walk.offset() * size;
    walk.next();
  }
  return offsets;
}

template <typename T>
std::vector<T> tail(const std::vector<T>& all, size_t from) {
  return std::vector<T>(all.begin() + static_cast<std::ptrdiff_t>(from), all.end());
}

SlicedOp slice_binary(const Op& op, const Operands& operands, size_t axes) {
  const Dims& dims = op.outputs[0]->dims;
  const uint32_t size = element_size(op.outputs[0]->dtype);
  SlicedOp sliced;
  Runs runs(tail(dims, axes), tail(operands.a, axes), tail(operands.b, axes));
  if (is_fixed_point(op.outputs[0]->dtype))
    sliced.function = fixed_slice(op, &runs, 0);
  else if (op.outputs[0]->dtype == QNN_DATATYPE_FLOAT_16)
    sliced.function = std::make_unique<BinarySlice<uint16_t>>(operands.f, std::move(runs));
  else
    sliced.function = std::make_unique<BinarySlice<float>>(operands.f, std::move(runs));
  sliced.offsets = {offsets_of(dims, operands.a, axes, size),
                    offsets_of(dims, operands.b, axes, size)};
  if (operands.f != Binary::kProduct) {
    for (uint32_t i = 0; i < 2; ++i) {
      if (op.inputs[i]->dims == dims) sliced.overwritable |= 1u << i;
    }
  }
  return sliced;
}

}  // namespace

SlicedOp slice_op(const Op& op, size_t axes) {
  const Dims& dims = op.outputs[0]->dims;
  const Qnn_DataType_t dtype = op.outputs[0]->dtype;
  const bool is_half = dtype == QNN_DATATYPE_FLOAT_16;
  SlicedOp sliced;
  Operands operands;
  const uint64_t count = product(dims, axes, dims.size());
  const bool is_fixed = dtype == QNN_DATATYPE_UFIXED_POINT_16;
  if ((is_half || is_fixed || dtype == QNN_DATATYPE_FLOAT_32) && operands_of(op, &operands)) {
    sliced = slice_binary(op, operands, axes);
  } else if (auto function = fixed_slice(op, nullptr, count)) {
    sliced.function = std::move(function);
    sliced.offsets = {offsets_of(dims, row_major_strides(dims), axes, sizeof(uint16_t))};
    sliced.overwritable = 1;
  } else if (is_half && op.inputs.size() == 1 && op.inputs[0]->dtype == dtype) {
    if (op.node.type == "Relu") {
      sliced.function = std::make_unique<ReluSlice>(count);
    } else if (std::shared_ptr<const HalfTable> table = half_table(op)) {
      sliced.function = std::make_unique<TableSlice>(std::move(table), count);
    }
    if (sliced.function != nullptr)
      sliced.offsets = {offsets_of(dims, row_major_strides(dims), axes, sizeof(uint16_t))};
    sliced.overwritable = 1;
  }
  sliced.slices = product(dims, 0, axes);
  sliced.output_bytes = count * element_size(dtype);
  return sliced;
}

namespace {

/// From fixed point to float16: whether all that can be stored is inside the finite range.
bool stays_inside(const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  if (x.dtype != QNN_DATATYPE_UFIXED_POINT_16 || y.dtype != QNN_DATATYPE_FLOAT_16) return false;
  const FixedCode code = code_of(x);
  return std::max(std::fabs(code.value(0)), std::fabs(code.value(65535))) <= 65504.0;
}

class WholeKernel : public Kernel {
 public:
  WholeKernel(SlicedOp op, bool inside) : op_(std::move(op)), inside_(inside) {}
  bool tells_outside() const override { return inside_; }
  void run(const Buffers& buffers) const override {
    op_.function->run(buffers.inputs, buffers.outputs[0]);
  }
  bool may_overwrite(size_t input) const override {
    return input < 32 && (op_.overwritable >> input & 1u) != 0;
  }

 private:
  const SlicedOp op_;
  const bool inside_;
};

}  // namespace

std::unique_ptr<Kernel> make_element_wise(const Op& op) {
  SlicedOp whole = slice_op(op, 0);
  if (whole.function == nullptr) return nullptr;
  return std::make_unique<WholeKernel>(std::move(whole), stays_inside(op));
}

}  // namespace qnn_host
