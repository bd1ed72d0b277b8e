// Transpose: out[i_0, .., i_n] = in[j], where j[perm[k]] = i_k: output axis k is input axis
// perm[k]. Bits are copied.

#include "copy.h"
#include "entries.h"
#include "function_kernel.h"
#include "shapes.h"

namespace qnn_host {
namespace {

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 1, 1); }, [&] { return check_moved_types(op); },
      [&] { return check_axes(op.node.list("perm"), op.inputs[0]->dims.size(), "perm"); },
      [&]() -> std::string {
        const std::vector<int32_t> perm = op.node.list("perm");
        const Dims& x = op.inputs[0]->dims;
        if (perm.size() != x.size())
          return "perm names " + std::to_string(perm.size()) + " axes, input " + text_of(x) +
                 " has " + std::to_string(x.size());
        Dims moved;
        for (const int32_t axis : perm) moved.push_back(x[static_cast<size_t>(axis)]);
        return check_dims(*op.outputs[0], moved, "input " + text_of(x) + " with its axes permuted");
      });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const Dims dims = op.outputs[0]->dims;
  const uint32_t size = element_size(op.outputs[0]->dtype);
  const std::vector<uint64_t> own = row_major_strides(op.inputs[0]->dims);
  std::vector<uint64_t> strides;
  for (const int32_t axis : op.node.list("perm")) strides.push_back(own[static_cast<size_t>(axis)]);
  return kernel_of([=](const Buffers& buffers) {
    gather_elements(in<uint8_t>(buffers, 0), 0, dims, strides, size, out<uint8_t>(buffers));
  });
}

}  // namespace

const OpEntry kTranspose{"Transpose", check, make};

}  // namespace qnn_host
