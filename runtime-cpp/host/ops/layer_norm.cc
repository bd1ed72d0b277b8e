// LayerNorm: y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, with mean and variance (of
// the population) over the last axes.
//
// in[0]: any dims; in[1] gamma and in[2] beta, optional: the extents of the normalised axes. axes:
// the last ones, in order. epsilon is 1e-3 when it is not given. float16 and float32: all in
// double, rounded once.

#include <cmath>

#include "entries.h"
#include "function_kernel.h"
#include "numerics/formats.h"
#include "shapes.h"

namespace qnn_host {
namespace {

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 1, 3); },
      [&] {
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
        return check_dims(*op.outputs[0], x, "the output has the input's dims");
      });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const Dims& dims = op.inputs[0]->dims;
  const size_t first = dims.size() - op.node.list("axes").size();
  const uint64_t rows = product(dims, 0, first), extent = product(dims, first, dims.size());
  const double epsilon = static_cast<double>(op.node.f32("epsilon", 1e-3f));
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
