// Element-wise functions of one operand.
//
// float16: in the extended range, as the device approximates them (numerics/half_functions.h),
// rounded with ties away from zero. float32: computed in double and rounded once. Fixed point: of
// the number that the operand stands for, in double, to the nearest that the output can hold. There
// the device is exact for Neg, Abs and Relu, within 1 unit for Log and Rsqrt and 6 for Exp; its
// square roots are off by up to 90 units, which is not modelled.

#include <cmath>
#include <type_traits>

#include "entries.h"
#include "fixed_element_wise.h"
#include "fixed_tensors.h"
#include "function_kernel.h"
#include "numerics/formats.h"
#include "numerics/half_functions.h"
#include "shapes.h"

namespace qnn_host {
namespace {

double neg(double x) {
  return -x;
}
double abs(double x) {
  return std::fabs(x);
}
double exp(double x) {
  return std::exp(x);
}
double log(double x) {
  return std::log(x);
}
double square_root(double x) {
  return std::sqrt(x);
}
double rsqrt(double x) {
  return 1.0 / std::sqrt(x);
}
/// A NaN stays one.
double relu(double x) {
  return x < 0.0 ? 0.0 : x;
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

/// kHalf is the function at float16, kFloat at float32.
template <double (*kHalf)(double), double (*kFloat)(double)>
std::unique_ptr<Kernel> make(const Op& op) {
  const uint64_t count = op.outputs[0]->elements();
  if (is_fixed_point(op.outputs[0]->dtype)) return make_fixed_function(op, kFloat);
  return with_format<ExtendedHalf>(op.outputs[0]->dtype, [&](auto format) {
    using Format = decltype(format);
    using Stored = typename Format::Stored;
    return kernel_of(
        [count](const Buffers& buffers) {
          const auto* x = in<Stored>(buffers, 0);
          auto* y = out<Stored>(buffers);
          constexpr auto kFunction = std::is_same_v<Format, ExtendedHalf> ? kHalf : kFloat;
          for (uint64_t i = 0; i < count; ++i) y[i] = Format::store(kFunction(Format::load(x[i])));
        },
        1);
  });
}

}  // namespace

const OpEntry kElementWiseNeg{"ElementWiseNeg", check, make<neg, neg>};
const OpEntry kElementWiseAbs{"ElementWiseAbs", check, make<abs, abs>};
const OpEntry kElementWiseExp{"ElementWiseExp", check, make<half_exp, exp>};
const OpEntry kElementWiseLog{"ElementWiseLog", check, make<half_log, log>};
const OpEntry kElementWiseSquareRoot{"ElementWiseSquareRoot", check,
                                     make<half_square_root, square_root>};
const OpEntry kElementWiseRsqrt{"ElementWiseRsqrt", check, make<half_rsqrt, rsqrt>};
const OpEntry kRelu{"Relu", check, make<half_relu, relu>};

}  // namespace qnn_host
