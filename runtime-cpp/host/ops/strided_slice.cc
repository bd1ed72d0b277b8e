// StridedSlice: along each axis the elements begin, begin + stride, .. below end (above it for a
// negative stride). Bits are copied.
//
// ranges: [rank, 3], rows of begin, end, stride; a negative begin or end counts from the axis's
// end. Bit i of begin_mask / end_mask: the axis from its first / to its last element. Bit i of
// shrink_axes: only the element at begin, and the axis vanishes. new_axes_mask is not computed.

#include "copy.h"
#include "entries.h"
#include "function_kernel.h"
#include "shapes.h"

namespace qnn_host {
namespace {

struct Range {
  int64_t begin, stride, count;
};

Range range_of(const Op& op, size_t axis) {
  const std::vector<int32_t> ranges = op.node.list("ranges");
  const int64_t extent = op.inputs[0]->dims[axis], stride = ranges[3 * axis + 2];
  const auto set = [&](const char* mask) { return (op.node.u32(mask, 0) >> axis & 1u) != 0; };
  // Places that a walk may start from or stop at: one outside is where it ends.
  const int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? extent : extent - 1;
  const auto place = [&](int64_t at) {
    if (at < 0) at += extent;
    return at < low ? low : at > high ? high : at;
  };
  int64_t begin = place(ranges[3 * axis]), end = place(ranges[3 * axis + 1]);
  if (set("begin_mask")) begin = stride > 0 ? low : high;
  if (set("end_mask")) end = stride > 0 ? high : low;
  if (set("shrink_axes")) return {begin, 1, begin >= 0 && begin < extent ? 1 : 0};
  const int64_t distance = stride > 0 ? end - begin : begin - end;
  const int64_t step = stride > 0 ? stride : -stride;
  return {begin, stride, distance > 0 ? (distance + step - 1) / step : 0};
}

bool shrunk(const Op& op, size_t axis) {
  return (op.node.u32("shrink_axes", 0) >> axis & 1u) != 0;
}

std::string check(const Op& op) {
  return first_fault(
      [&] { return check_count(op, 1, 1); }, [&] { return check_moved_types(op); },
      [&]() -> std::string {
        const Dims& x = op.inputs[0]->dims;
        const std::vector<int32_t> ranges = op.node.list("ranges");
        if (x.size() > 31) return "input " + text_of(x) + " has more axes than the masks have bits";
        if (op.node.u32("new_axes_mask", 0) != 0)
          return "new_axes_mask is " + std::to_string(op.node.u32("new_axes_mask", 0)) +
                 ": only 0 is computed; a Reshape adds axes";
        if (ranges.size() != 3 * x.size())
          return "ranges has " + std::to_string(ranges.size()) + " numbers, " +
                 std::to_string(3 * x.size()) +
                 " were expected: begin, end, stride for each axis of " + text_of(x);
        Dims expected;
        for (size_t axis = 0; axis < x.size(); ++axis) {
          if (ranges[3 * axis + 2] == 0)
            return "the stride of axis " + std::to_string(axis) + " is 0";
          const Range range = range_of(op, axis);
          if (range.count == 0)
            return "the range " + std::to_string(ranges[3 * axis]) + " to " +
                   std::to_string(ranges[3 * axis + 1]) + " of axis " + std::to_string(axis) +
                   ", extent " + std::to_string(x[axis]) + ", is empty";
          if (!shrunk(op, axis)) expected.push_back(static_cast<uint32_t>(range.count));
        }
        if (expected.empty()) expected = {1};
        return check_dims(*op.outputs[0], expected, "what the ranges take from " + text_of(x));
      });
}

std::unique_ptr<Kernel> make(const Op& op) {
  const Dims& x = op.inputs[0]->dims;
  const uint32_t size = element_size(op.outputs[0]->dtype);
  const std::vector<uint64_t> own = row_major_strides(x);
  Dims counts;
  std::vector<uint64_t> strides;
  uint64_t first = 0;
  for (size_t axis = 0; axis < x.size(); ++axis) {
    const Range range = range_of(op, axis);
    counts.push_back(static_cast<uint32_t>(range.count));
    // A negative step wraps around to the right offset.
    strides.push_back(own[axis] * static_cast<uint64_t>(range.stride));
    first += own[axis] * static_cast<uint64_t>(range.begin);
  }
  return kernel_of([=](const Buffers& buffers) {
    gather_elements(in<uint8_t>(buffers, 0), first, counts, strides, size, out<uint8_t>(buffers));
  });
}

}  // namespace

const OpEntry kStridedSlice{"StridedSlice", check, make};

}  // namespace qnn_host
