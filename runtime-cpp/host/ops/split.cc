// Split: the input cut along `axis` before each place of split_index; output i holds
// split_index[i-1] .. split_index[i]. Bits are copied.

#include <cstring>

#include "entries.h"
#include "function_kernel.h"
#include "shapes.h"

namespace qnn_host {
namespace {

/// Where each output begins, and the end of the last.
std::vector<uint32_t> bounds(const Op& op) {
  std::vector<uint32_t> bounds{0};
  for (const int32_t at : op.node.list("split_index")) bounds.push_back(static_cast<uint32_t>(at));
  bounds.push_back(op.inputs[0]->dims[op.node.u32("axis", 0)]);
  return bounds;
}

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 1, 1, 1, 0); }, [&] { return check_moved_types(op); },
      [&] { return check_axis(op.node.u32("axis", 0), op.inputs[0]->dims.size(), "axis"); },
      [&]() -> std::string {
        const std::vector<uint32_t> at = bounds(op);
        if (at.size() != op.outputs.size() + 1)
          return "split_index cuts into " + std::to_string(at.size() - 1) +
                 " parts, the node has " + std::to_string(op.outputs.size()) + " outputs";
        Dims expected = op.inputs[0]->dims;
        const uint32_t axis = op.node.u32("axis", 0), extent = expected[axis];
        for (size_t i = 0; i < op.outputs.size(); ++i) {
          if (at[i] >= at[i + 1] || at[i + 1] > extent)
            return "split_index must rise from above 0 to below the axis's extent of " +
                   std::to_string(extent) + ": part " + std::to_string(i) + " goes from " +
                   std::to_string(at[i]) + " to " + std::to_string(at[i + 1]);
          expected[axis] = at[i + 1] - at[i];
          const std::string fault =
              check_dims(*op.outputs[i], expected, "part " + std::to_string(i) + " of the input");
          if (!fault.empty()) return fault;
        }
        return "";
      });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const Dims& dims = op.inputs[0]->dims;
  const uint32_t axis = op.node.u32("axis", 0);
  const uint64_t rows = product(dims, 0, axis);
  const uint64_t step = product(dims, axis + 1, dims.size()) * element_size(op.inputs[0]->dtype);
  const std::vector<uint32_t> at = bounds(op);
  return kernel_of([=](const Buffers& buffers) {
    const uint8_t* from = in<uint8_t>(buffers, 0);
    for (uint64_t row = 0; row < rows; ++row) {
      for (size_t i = 0; i + 1 < at.size(); ++i) {
        const uint64_t bytes = (at[i + 1] - at[i]) * step;
        std::memcpy(out<uint8_t>(buffers, i) + row * bytes, from, bytes);
        from += bytes;
      }
    }
  });
}

}  // namespace

const OpEntry kSplit{"Split", check, make};

}  // namespace qnn_host
