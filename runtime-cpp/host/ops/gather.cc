// Gather: slices of in[0] along `axis` at the places that in[1] (int32 or uint32) holds: out[..,
// i.., ..] = in[.., index[i..], ..].
//
// Bits are copied. An index outside the axis reads nothing: the slice is zero.

#include <cstring>

#include "entries.h"
#include "function_kernel.h"
#include "shapes.h"

namespace qnn_host {
namespace {

int32_t axis_of(const Op& op) {
  return static_cast<int32_t>(op.node.u32("axis", 0));
}

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 2, 2); }, [&] { return check_moved_types(op, 1); },
      [&] { return check_axis(axis_of(op), op.inputs[0]->dims.size(), "axis"); },
      [&]() -> std::string {
        const Tensor& index = *op.inputs[1];
        if (index.dtype != QNN_DATATYPE_INT_32 && index.dtype != QNN_DATATYPE_UINT_32)
          return "indices " + index.name + " are " + dtype_name(index.dtype) +
                 ", i32 or u32 was expected";
        const Dims& x = op.inputs[0]->dims;
        Dims expected(x.begin(), x.begin() + axis_of(op));
        expected.insert(expected.end(), index.dims.begin(), index.dims.end());
        expected.insert(expected.end(), x.begin() + axis_of(op) + 1, x.end());
        return check_dims(*op.outputs[0], expected,
                          "input " + text_of(x) + " with indices " + text_of(index.dims) +
                              " in place of the axis");
      });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const Dims& x = op.inputs[0]->dims;
  const size_t axis = static_cast<size_t>(axis_of(op));
  const uint64_t rows = product(x, 0, axis), extent = x[axis];
  const uint64_t slice = product(x, axis + 1, x.size()) * element_size(op.inputs[0]->dtype);
  const uint64_t indices = op.inputs[1]->elements();
  return kernel_of([=](const Buffers& buffers) {
    // A negative int32 is beyond every axis as uint32.
    const auto* index = in<uint32_t>(buffers, 1);
    uint8_t* to = out<uint8_t>(buffers);
    for (uint64_t row = 0; row < rows; ++row) {
      for (uint64_t i = 0; i < indices; ++i, to += slice) {
        if (index[i] < extent)
          std::memcpy(to, in<uint8_t>(buffers, 0) + (row * extent + index[i]) * slice, slice);
        else
          std::memset(to, 0, slice);
      }
    }
  });
}

}  // namespace

const OpEntry kGather{"Gather", check, make};

}  // namespace qnn_host
