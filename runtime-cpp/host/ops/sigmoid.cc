// Sigmoid and Tanh. float32: computed in double and rounded once.

#include <cmath>

#include "entries.h"
#include "function_kernel.h"
#include "numerics/formats.h"
#include "shapes.h"

namespace qnn_host {
namespace {

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}
double tanh(double x) {
  return std::tanh(x);
}

std::string check(const Op& op) {
  return first_fault([&] { return check_count(op, 1, 1); },
                     [&] {
                       return check_types(op, {QNN_DATATYPE_FLOAT_16, QNN_DATATYPE_FLOAT_32});
                     },
                     [&] {
                       return check_dims(*op.outputs[0], op.inputs[0]->dims,
                                         "the output has the input's dims");
                     });
}

template <double (*kFunction)(double)>
std::unique_ptr<Kernel> make(const Op& op) {
  const uint64_t count = op.outputs[0]->elements();
  return with_format<ExtendedHalf>(op.outputs[0]->dtype, [&](auto format) {
    using Format = decltype(format);
    using Stored = typename Format::Stored;
    return kernel_of(
        [count](const Buffers& buffers) {
          const auto* x = in<Stored>(buffers, 0);
          auto* y = out<Stored>(buffers);
          for (uint64_t i = 0; i < count; ++i) y[i] = Format::store(kFunction(Format::load(x[i])));
        },
        1);
  });
}

}  // namespace

const OpEntry kSigmoid{"Sigmoid", check, make<sigmoid>};
const OpEntry kTanh{"Tanh", check, make<tanh>};

}  // namespace qnn_host
