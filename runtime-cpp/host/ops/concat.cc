// Concat: the inputs one behind the other along `axis` (0 when it is not given). Bits are copied.

#include <cstring>

#include "entries.h"
#include "function_kernel.h"
#include "shapes.h"

namespace qnn_host {
namespace {

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 1, 0); }, [&] { return check_moved_types(op); },
      [&] { return check_axis(op.node.u32("axis", 0), op.inputs[0]->dims.size(), "axis"); },
      [&]() -> std::string {
        const uint32_t axis = op.node.u32("axis", 0);
        Dims expected = op.inputs[0]->dims;
        uint64_t extent = 0;
        for (const Tensor* input : op.inputs) {
          if (axis < input->dims.size()) expected[axis] = input->dims[axis];
          const std::string fault =
              check_dims(*input, expected, "inputs differ along the axis only");
          if (!fault.empty()) return fault;
          extent += expected[axis];
        }
        if (extent > UINT32_MAX)
          return "the inputs have " + std::to_string(extent) +
                 " rows together, fewer than 2^32 were expected";
        expected[axis] = static_cast<uint32_t>(extent);
        return check_dims(*op.outputs[0], expected, "the inputs one behind the other");
      });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const uint32_t axis = op.node.u32("axis", 0);
  const uint32_t size = element_size(op.outputs[0]->dtype);
  const uint64_t rows = product(op.outputs[0]->dims, 0, axis);
  std::vector<uint64_t> row_bytes;
  for (const Tensor* input : op.inputs)
    row_bytes.push_back(product(input->dims, axis, input->dims.size()) * size);
  return kernel_of([=](const Buffers& buffers) {
    uint8_t* to = out<uint8_t>(buffers);
    for (uint64_t row = 0; row < rows; ++row) {
      for (size_t i = 0; i < row_bytes.size(); ++i) {
        std::memcpy(to, in<uint8_t>(buffers, i) + row * row_bytes[i], row_bytes[i]);
        to += row_bytes[i];
      }
    }
  });
}

}  // namespace

const OpEntry kConcat{"Concat", check, make};

}  // namespace qnn_host
