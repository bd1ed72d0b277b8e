// MatMul: out[.., i, j] = sum_k a[.., i, k] * b[.., k, j] + bias[j]; transpose_in0 and
// transpose_in1 swap an operand's last two axes; the leading axes broadcast.
//
// float16 and float32: the sum in double, rounded once, to nearest even. A static second operand of
// 8 or 4 bits (fixed_linear.h): one matrix, without a bias.

#include "entries.h"
#include "fixed_linear.h"
#include "function_kernel.h"
#include "numerics/dot.h"
#include "numerics/formats.h"
#include "shapes.h"

namespace qnn_host {
namespace {

/// An operand as rows by columns after its transposition.
struct Matrix {
  uint64_t rows, columns, row_step, column_step;

  Matrix(const Dims& dims, bool transposed) {
    rows = dims[dims.size() - 2];
    columns = row_step = dims.back();
    column_step = 1;
    if (transposed) {
      std::swap(rows, columns);
      std::swap(row_step, column_step);
    }
  }
};

Dims leading(const Dims& dims) {
  return Dims(dims.begin(), dims.end() - 2);
}

bool is_quantized(const Op& op) {
  return is_fixed_point(op.inputs[1]->dtype);
}

/// The axis of the second operand that the columns of the output come from.
uint32_t column_axis(const Op& op) {
  const size_t back = op.node.flag("transpose_in1", false) ? 2 : 1;
  return static_cast<uint32_t>(op.inputs[1]->dims.size() - back);
}

std::string check_linear(const Op& op) {
  if (!is_quantized(op)) return "";
  const Dims& w = op.inputs[1]->dims;
  if (op.inputs.size() == 3)
    return "beside a second operand of 8 bits or fewer no bias is computed; the device ignores it";
  if (op.node.flag("transpose_in0", false) || product(w, 0, w.size() - 2) != 1)
    return "a second operand of 8 bits or fewer must be one matrix, and the first as it is";
  return "";
}

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 2, 3); },
      [&]() -> std::string {
        if (is_quantized(op))
          return op.inputs[1]->dims.size() < 2 ? "the second operand must have two axes or more"
                                               : check_fixed_linear(op, column_axis(op));
        return check_types(op, {QNN_DATATYPE_FLOAT_16, QNN_DATATYPE_FLOAT_32});
      },
      [&]() -> std::string {
        const Dims &a = op.inputs[0]->dims, &b = op.inputs[1]->dims;
        if (a.size() < 2 || b.size() < 2)
          return "operands " + text_of(a) + " and " + text_of(b) + " must have two axes or more";
        const Matrix left(a, op.node.flag("transpose_in0", false));
        const Matrix right(b, op.node.flag("transpose_in1", false));
        Dims expected;
        if (left.columns != right.rows)
          return "the summed extents differ: " + std::to_string(left.columns) + " of " +
                 text_of(a) + (left.column_step == 1 ? "" : " transposed") + ", " +
                 std::to_string(right.rows) + " of " + text_of(b) +
                 (right.column_step == 1 ? "" : " transposed");
        if (!broadcast(leading(a), leading(b), &expected))
          return "the leading extents of " + text_of(a) + " and " + text_of(b) +
                 " do not broadcast: they must be equal or 1";
        expected.push_back(static_cast<uint32_t>(left.rows));
        expected.push_back(static_cast<uint32_t>(right.columns));
        if (op.inputs.size() == 3) {
          const std::string fault =
              check_dims(*op.inputs[2], {expected.back()}, "one number per column of the output");
          if (!fault.empty()) return fault;
        }
        return check_dims(*op.outputs[0], expected,
                          "the product of " + text_of(a) + " and " + text_of(b));
      },
      [&] { return check_linear(op); });
}

std::vector<uint64_t> batch_strides(const Dims& in, const Dims& batch) {
  std::vector<uint64_t> strides = broadcast_strides(leading(in), batch);
  for (uint64_t& stride : strides) stride *= uint64_t{in[in.size() - 2]} * in.back();
  return strides;
}

std::unique_ptr<Kernel> make(const Op& op) {
  const Dims &a_dims = op.inputs[0]->dims, &b_dims = op.inputs[1]->dims;
  const Matrix left(a_dims, op.node.flag("transpose_in0", false));
  const Matrix right(b_dims, op.node.flag("transpose_in1", false));
  const Dims batch = leading(op.outputs[0]->dims);
  if (is_quantized(op))
    return make_fixed_linear(
        op, {op.inputs[1], right.columns, right.rows, right.column_step, right.row_step},
        product(batch) * left.rows);
  const auto a_batch = batch_strides(a_dims, batch), b_batch = batch_strides(b_dims, batch);
  const bool has_bias = op.inputs.size() == 3;
  return with_format<IeeeHalf>(op.outputs[0]->dtype, [&](auto format) {
    using Format = decltype(format);
    using Stored = typename Format::Stored;
    return kernel_of([=](const Buffers& buffers) {
      const auto* bias = has_bias ? in<Stored>(buffers, 2) : nullptr;
      auto* y = out<Stored>(buffers);
      Walk at_a(batch, a_batch), at_b(batch, b_batch);
      for (uint64_t i = product(batch); i-- > 0; at_a.next(), at_b.next()) {
        const auto* a = in<Stored>(buffers, 0) + at_a.offset();
        const auto* b = in<Stored>(buffers, 1) + at_b.offset();
        for (uint64_t row = 0; row < left.rows; ++row) {
          for (uint64_t column = 0; column < right.columns; ++column) {
            double sum = 0.0;
            for (uint64_t k = 0; k < left.columns; ++k)
              sum +=
                  device_product(Format::load(a[row * left.row_step + k * left.column_step]),
                                 Format::load(b[k * right.row_step + column * right.column_step]));
            if (bias != nullptr) sum += Format::load(bias[column]);
            *y++ = Format::store(sum);
          }
        }
      }
    });
  });
}

}  // namespace

const OpEntry kMatMul{"MatMul", check, make};

}  // namespace qnn_host
