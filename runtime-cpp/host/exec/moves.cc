#include "moves.h"

namespace qnn_host {
namespace {

bool leads(const std::vector<uint32_t>& dims, size_t axis) {
  for (size_t i = 0; i < axis; ++i) {
    if (dims[i] != 1) return false;
  }
  return true;
}

/// The single axis that the slice cuts, if all axes before it have one element and the cut steps by
/// 1; then the slice is one run.
bool slice_move(const GraphModel& model, const Node& node, Move* move) {
  const Tensor& x = model.tensors[node.inputs[0]];
  const Tensor& y = model.tensors[node.outputs[0]];
  const std::vector<int32_t> ranges = node.list("ranges");
  if (ranges.size() != 3 * x.dims.size()) return false;
  // Masks and negative places are rare: left to the kernel, which knows them.
  for (const char* mask : {"begin_mask", "end_mask", "new_axes_mask"}) {
    if (node.u32(mask, 0) != 0) return false;
  }
  uint64_t step = element_size(x.dtype), first = 0;
  bool cut = false;
  for (size_t axis = x.dims.size(); axis-- > 0;) {
    const int64_t extent = x.dims[axis], begin = ranges[3 * axis];
    const int64_t end =
        (node.u32("shrink_axes", 0) >> axis & 1u) != 0 ? begin + 1 : ranges[3 * axis + 1];
    if (ranges[3 * axis + 2] != 1 || begin < 0 || end < begin || end > extent) return false;
    // Behind the axis that is cut, everything; before it, one element.
    if (cut && end - begin != 1) return false;
    cut = cut || end - begin != extent;
    first += static_cast<uint64_t>(begin) * step;
    step *= x.dims[axis];
  }
  *move = {0, 0, first, 0, y.bytes()};
  return true;
}

}  // namespace

bool moves_of(const GraphModel& model, const Node& node, std::vector<Move>* moves) {
  moves->clear();
  if (node.inputs.empty() || node.outputs.empty()) return false;
  const Tensor& x = model.tensors[node.inputs[0]];
  if (node.type == "Reshape") {
    moves->push_back({0, 0, 0, 0, x.bytes()});
    return true;
  }
  if (node.type == "StridedSlice") {
    moves->resize(1);
    return slice_move(model, node, moves->data());
  }
  const bool is_split = node.type == "Split", is_concat = node.type == "Concat";
  if (!is_split && !is_concat) return false;
  if (!leads(x.dims, node.u32("axis", 0))) return false;
  const std::vector<uint32_t>& parts = is_split ? node.outputs : node.inputs;
  uint64_t at = 0;
  for (uint32_t i = 0; i < parts.size(); ++i) {
    const uint64_t bytes = model.tensors[parts[i]].bytes();
    moves->push_back(is_split ? Move{0, i, at, 0, bytes} : Move{i, 0, 0, at, bytes});
    at += bytes;
  }
  return true;
}

}  // namespace qnn_host
