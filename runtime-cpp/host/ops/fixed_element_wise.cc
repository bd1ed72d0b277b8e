#include "fixed_element_wise.h"

#include "fixed_tensors.h"
#include "function_kernel.h"

namespace qnn_host {

std::unique_ptr<Kernel> make_fixed_function(const Op& op, double (*function)(double)) {
  const FixedCode from = code_of(*op.inputs[0]), to = code_of(*op.outputs[0]);
  const Qnn_DataType_t x_type = op.inputs[0]->dtype, y_type = op.outputs[0]->dtype;
  const uint64_t count = op.outputs[0]->elements();
  return kernel_of(
      [=](const Buffers& buffers) {
        const auto* x = in<uint8_t>(buffers, 0);
        auto* y = out<uint8_t>(buffers);
        for (uint64_t i = 0; i < count; ++i) {
          const double value = function(from.value(stored_at(x, x_type, i)));
          put_stored(y, y_type, i, to.store(value));
        }
      },
      element_size(x_type) == element_size(y_type) ? 1 : 0);
}

}  // namespace qnn_host
