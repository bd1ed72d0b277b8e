// LayerNorm: y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, with mean and variance (of
// the population) over the last axes.
//
// in[0]: any dims; in[1] gamma and in[2] beta, optional: the extents of the normalised axes. axes:
// the last ones, in order. epsilon is 1e-3 when it is not given. float16 and float32: all in
// double, rounded once. Fixed point of 16 bits (numerics/fixed_point.h): from the exact sums,
// within 1 unit of the device; gamma and beta are static, a gamma of uq16 has the offset -32768,
// with any other the device gives nonsense.

#include <cmath>

#include "entries.h"
#include "fixed_tensors.h"
#include "function_kernel.h"
#include "numerics/formats.h"
#include "shapes.h"

namespace qnn_host {
namespace {

constexpr uint64_t kMostSummed = 1 << 16;  // so that exact sums fit their integers

std::string check_fixed(const Op& op) {
  const Tensor &x = *op.inputs[0], &y = *op.outputs[0];
  if (x.dtype != QNN_DATATYPE_UFIXED_POINT_16 || y.dtype != QNN_DATATYPE_UFIXED_POINT_16)
    return "input " + x.name + " is " + dtype_name(x.dtype) + ", output " + y.name + " is " +
           dtype_name(y.dtype) + ": of fixed point uq16 is computed";
  for (size_t i = 1; i < op.inputs.size(); ++i) {
    const Tensor& factor = *op.inputs[i];
    if (!is_fixed_point(factor.dtype) || !factor.is_static())
      return "input " + factor.name + " is " + dtype_name(factor.dtype) +
             ", static fixed point was expected";
    const std::string fault = check_one_scale(factor);
    if (!fault.empty()) return fault;
    if (i == 1 && factor.dtype == QNN_DATATYPE_UFIXED_POINT_16 &&
        factor.encoding.offsets[0] != -32768)
      return "gamma " + factor.name + " is uq16 with an offset of " +
             std::to_string(factor.encoding.offsets[0]) + ", -32768 was expected";
  }
  return "";
}

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 1, 3); },
      [&] {
        if (is_fixed_point(op.outputs[0]->dtype)) return check_fixed(op);
        return check_types(op, {QNN_DATATYPE_FLOAT_16, QNN_DATATYPE_FLOAT_32});
      },
      [&] { return check_axes(op.node.list("axes"), op.inputs[0]->dims.size(), "axes"); },
      [&]() -> std::string {
        const std::vector<int32_t> axes = op.node.list("axes");
        const Dims& x = op.inputs[0]->dims;
        const size_t first = x.size() - axes.size();
        for (size_t i = 0; i < axes.size(); ++i) {
          if (static_cast<size_t>(axes[i]) != first + i)
            return "axes must name the last " + std::to_string(axes.size()) + " of " + text_of(x) +
                   " in order: axis " + std::to_string(axes[i]) + " was found at place " +
                   std::to_string(i);
        }
        for (size_t i = 1; i < op.inputs.size(); ++i) {
          const std::string fault = check_dims(
              *op.inputs[i], Dims(x.begin() + static_cast<std::ptrdiff_t>(first), x.end()),
              "the extents of the normalised axes");
          if (!fault.empty()) return fault;
        }
        const float epsilon = op.node.f32("epsilon", 0.0f);
        if (!(epsilon >= 0.0f) || std::isinf(epsilon))
          return "epsilon is " + std::to_string(epsilon) +
                 ", a finite number of 0 or more was expected";
        if (is_fixed_point(op.outputs[0]->dtype) && product(x, first, x.size()) > kMostSummed)
          return "of fixed point up to " + std::to_string(kMostSummed) +
                 " numbers are normalised together";
        return check_dims(*op.outputs[0], x, "the output has the input's dims");
      });
}

std::unique_ptr<Kernel> make_fixed(const Op& op, uint64_t rows, uint64_t extent, double epsilon) {
  const FixedCode from = code_of(*op.inputs[0]), to = code_of(*op.outputs[0]);
  const std::vector<double> gamma =
      op.inputs.size() > 1 ? static_values(*op.inputs[1]) : std::vector<double>(extent, 1.0);
  const std::vector<double> beta =
      op.inputs.size() > 2 ? static_values(*op.inputs[2]) : std::vector<double>(extent, 0.0);
  return kernel_of(
      [=](const Buffers& buffers) {
        const auto* x = in<uint16_t>(buffers, 0);
        auto* y = out<uint16_t>(buffers);
        for (uint64_t row = 0; row < rows; ++row, x += extent, y += extent) {
          uint64_t sum = 0, squares = 0;
          for (uint64_t i = 0; i < extent; ++i) {
            sum += x[i];
            squares += uint64_t{x[i]} * x[i];
          }
          const FixedNorm norm = fixed_layer_norm(sum, squares, extent, from.scale, epsilon);
          for (uint64_t i = 0; i < extent; ++i)
            y[i] = static_cast<uint16_t>(to.store(fixed_norm_value(x[i], norm, gamma[i], beta[i])));
        }
      },
      1);
}

std::unique_ptr<Kernel> make(const Op& op) {
  const Dims& dims = op.inputs[0]->dims;
  const size_t first = dims.size() - op.node.list("axes").size();
  const uint64_t rows = product(dims, 0, first), extent = product(dims, first, dims.size());
  const double epsilon = static_cast<double>(op.node.f32("epsilon", 1e-3f));
  if (is_fixed_point(op.outputs[0]->dtype)) return make_fixed(op, rows, extent, epsilon);
  const size_t inputs = op.inputs.size();
  return with_format<ExtendedHalf>(op.outputs[0]->dtype, [&](auto format) {
    using Format = decltype(format);
    using Stored = typename Format::Stored;
    return kernel_of(
        [=](const Buffers& buffers) {
          const auto* gamma = inputs > 1 ? in<Stored>(buffers, 1) : nullptr;
          const auto* beta = inputs > 2 ? in<Stored>(buffers, 2) : nullptr;
          for (uint64_t row = 0; row < rows; ++row) {
            const auto* x = in<Stored>(buffers, 0) + row * extent;
            auto* y = out<Stored>(buffers) + row * extent;
            double mean = 0.0, variance = 0.0;
            for (uint64_t i = 0; i < extent; ++i) mean += Format::load(x[i]);
            mean /= static_cast<double>(extent);
            for (uint64_t i = 0; i < extent; ++i) {
              const double centred = Format::load(x[i]) - mean;
              variance += centred * centred;
            }
            const double scale = 1.0 / std::sqrt(variance / static_cast<double>(extent) + epsilon);
            for (uint64_t i = 0; i < extent; ++i) {
              double value = (Format::load(x[i]) - mean) * scale;
              if (gamma != nullptr) value *= Format::load(gamma[i]);
              if (beta != nullptr) value += Format::load(beta[i]);
              y[i] = Format::store(value);
            }
          }
        },
        1);
  });
}

}  // namespace

const OpEntry kLayerNorm{"LayerNorm", check, make};

}  // namespace qnn_host
