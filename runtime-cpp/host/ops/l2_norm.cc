// L2Norm: y = x / sqrt(max(sum of x^2 over the axes, bound)); a row of zeros stays zero. As on HTP,
// epsilon bounds the *sum of squares* of float16 (for a norm of at least 1e-12 it is 1e-24); as on
// Qualcomm's CPU backend, it bounds the *norm* of float32: both backends' graphs run here.
//
// axes, or else axis (0 when it is not given). epsilon is 1e-12 when it is not given.
// float16 and float32: all in double, rounded once. Fixed point: likewise, from the exact sum; the
// bound is of the sum of squares, and the device is within 1 unit.

#include <algorithm>
#include <cmath>

#include "entries.h"
#include "fixed_tensors.h"
#include "function_kernel.h"
#include "numerics/formats.h"
#include "reduction.h"
#include "shapes.h"

namespace qnn_host {
namespace {

std::vector<int32_t> axes_of(const Node& node) {
  const std::vector<int32_t> axes = node.list("axes");
  return axes.empty() ? std::vector<int32_t>{static_cast<int32_t>(node.u32("axis", 0))} : axes;
}

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 1, 1); },
      [&] {
        if (is_fixed_point(op.outputs[0]->dtype)) return check_fixed_types(op);
        return check_types(op, {QNN_DATATYPE_FLOAT_16, QNN_DATATYPE_FLOAT_32});
      },
      [&] { return check_axes(axes_of(op.node), op.inputs[0]->dims.size(), "axis"); },
      [&]() -> std::string {
        const float epsilon = op.node.f32("epsilon", 1e-12f);
        if (!(epsilon >= 0.0f) || std::isinf(epsilon))
          return "epsilon is " + std::to_string(epsilon) +
                 ", a finite number of 0 or more was expected";
        return check_dims(*op.outputs[0], op.inputs[0]->dims, "the output has the input's dims");
      });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const Dims dims = op.inputs[0]->dims;
  const Dims reduced = reduced_dims(dims, axes_of(op.node));
  const auto strides = broadcast_strides(reduced, dims);
  const uint64_t count = product(dims), norms = product(reduced);
  const double epsilon = static_cast<double>(op.node.f32("epsilon", 1e-12f));
  const bool of_squares = op.inputs[0]->dtype != QNN_DATATYPE_FLOAT_32;
  const double least = of_squares ? epsilon : epsilon * epsilon;
  const Qnn_DataType_t dtype = op.outputs[0]->dtype;
  if (is_fixed_point(dtype)) {
    const FixedCode code = code_of(*op.inputs[0]), to = code_of(*op.outputs[0]);
    return kernel_of(
        [=](const Buffers& buffers) {
          const auto* x = in<uint8_t>(buffers, 0);
          std::vector<double> squares(norms, 0.0);
          Walk at(dims, strides);
          // Integers below 2^53 for a million of numbers: exact in any order.
          for (uint64_t i = 0; i < count; ++i, at.next()) {
            const double whole = static_cast<double>(stored_at(x, dtype, i) + code.offset);
            squares[at.offset()] += whole * whole;
          }
          Walk from(dims, strides);
          for (uint64_t i = 0; i < count; ++i, from.next()) {
            const double value = code.value(stored_at(x, dtype, i));
            const double sum = squares[from.offset()] * code.scale * code.scale;
            const double norm = std::sqrt(std::max(sum, least));
            put_stored(out<uint8_t>(buffers), dtype, i,
                       to.store(value == 0.0 ? 0.0 : value / norm));
          }
        },
        1);
  }
  return with_format<ExtendedHalf>(op.outputs[0]->dtype, [&](auto format) {
    using Format = decltype(format);
    using Stored = typename Format::Stored;
    return kernel_of(
        [=](const Buffers& buffers) {
          const auto* x = in<Stored>(buffers, 0);
          auto* y = out<Stored>(buffers);
          std::vector<double> squares(norms, 0.0);
          Walk to(dims, strides);
          for (uint64_t i = 0; i < count; ++i, to.next()) {
            const double value = Format::load(x[i]);
            squares[to.offset()] += value * value;
          }
          Walk from(dims, strides);
          for (uint64_t i = 0; i < count; ++i, from.next()) {
            const double value = Format::load(x[i]);
            const double norm = std::sqrt(std::max(squares[from.offset()], least));
            y[i] = Format::store(value == 0.0 ? value : value / norm);
          }
        },
        1);
  });
}

}  // namespace

const OpEntry kL2Norm{"L2Norm", check, make};

}  // namespace qnn_host
