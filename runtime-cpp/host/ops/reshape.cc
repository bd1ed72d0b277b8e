// Reshape: the same elements in the same order under other dims; bits are copied. The dims are the
// output's (in[1], a shape given as a tensor, would have to be known before the graph runs and is
// refused).

#include <cstring>

#include "entries.h"
#include "function_kernel.h"
#include "shapes.h"

namespace qnn_host {
namespace {

std::string check(const Op& op) {
  return first_fault([&] { return check_count(op, 1, 1); }, [&] { return check_moved_types(op); },
                     [&]() -> std::string {
                       const Dims &from = op.inputs[0]->dims, &to = op.outputs[0]->dims;
                       if (product(from) == product(to)) return "";
                       return "input " + text_of(from) + " has " + std::to_string(product(from)) +
                              " elements, output " + text_of(to) + " has " +
                              std::to_string(product(to)) + ": they must be equal";
                     });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const uint64_t bytes = op.outputs[0]->bytes();
  return kernel_of(
      [bytes](const Buffers& buffers) {
        if (buffers.outputs[0] != buffers.inputs[0])
          std::memcpy(buffers.outputs[0], buffers.inputs[0], bytes);
      },
      1);
}

}  // namespace

const OpEntry kReshape{"Reshape", check, make};

}  // namespace qnn_host
