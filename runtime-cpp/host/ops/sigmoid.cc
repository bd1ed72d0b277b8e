// Sigmoid and Tanh.
//
// float16: as the device computes them, by themselves or fused behind what makes their input
// (numerics/half_sigmoid.h). float32: computed in double and rounded once. Fixed point: likewise,
// to the nearest that the output can hold; the device is within 5 units (of 1/65536) of that,
// within 16 (Tanh: 27 of 1/32768) behind a linear layer.

#include <cmath>

#include "entries.h"
#include "fixed_element_wise.h"
#include "fixed_tensors.h"
#include "function_kernel.h"
#include "half_rules.h"
#include "numerics/formats.h"
#include "numerics/half_sigmoid.h"
#include "shapes.h"

namespace qnn_host {
namespace {

/// Reads exponent 31 as numbers; results are never above 1, rounded to nearest, ties to even.
struct Half {
  using Stored = uint16_t;
  static double load(Stored bits) { return extended_value(bits); }
  static Stored store(double value) { return ieee_half(value); }
};

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}
double tanh(double x) {
  return std::tanh(x);
}

std::string check(const Op& op) {
  return first_fault([&] { return check_count(op, 1, 1); },
                     [&] {
                       if (is_fixed_point(op.outputs[0]->dtype)) return check_fixed_types(op);
                       return check_types(op, {QNN_DATATYPE_FLOAT_16, QNN_DATATYPE_FLOAT_32});
                     },
                     [&] {
                       return check_dims(*op.outputs[0], op.inputs[0]->dims,
                                         "the output has the input's dims");
                     });
}

template <typename Format>
std::unique_ptr<Kernel> element_wise(uint64_t count, double (*function)(double)) {
  return kernel_of(
      [=](const Buffers& buffers) {
        const auto* x = in<typename Format::Stored>(buffers, 0);
        auto* y = out<typename Format::Stored>(buffers);
        for (uint64_t i = 0; i < count; ++i) y[i] = Format::store(function(Format::load(x[i])));
      },
      1);
}

std::unique_ptr<Kernel> make_sigmoid(const Op& op) {
  const uint64_t count = op.outputs[0]->elements();
  if (is_fixed_point(op.outputs[0]->dtype)) return make_fixed_function(op, sigmoid);
  if (op.outputs[0]->dtype == QNN_DATATYPE_FLOAT_32) return element_wise<Float>(count, sigmoid);
  return element_wise<Half>(count, is_fused_activation(op) ? fused_half_sigmoid : half_sigmoid);
}

std::unique_ptr<Kernel> make_tanh(const Op& op) {
  const uint64_t count = op.outputs[0]->elements();
  if (is_fixed_point(op.outputs[0]->dtype)) return make_fixed_function(op, tanh);
  if (op.outputs[0]->dtype == QNN_DATATYPE_FLOAT_32) return element_wise<Float>(count, tanh);
  return element_wise<Half>(count, is_fused_activation(op) ? fused_half_tanh : half_tanh);
}

}  // namespace

const OpEntry kSigmoid{"Sigmoid", check, make_sigmoid};
const OpEntry kTanh{"Tanh", check, make_tanh};

}  // namespace qnn_host
