#include "footprint.h"

#include <set>

namespace qnn_host {
namespace {

uint64_t multiply_adds(const GraphModel& model, const Node& node) {
  const Tensor& y = model.tensors[node.outputs[0]];
  const Tensor& x = model.tensors[node.inputs[0]];
  if (node.type == "FullyConnected") return y.elements() * model.tensors[node.inputs[1]].dims[1];
  if (node.type == "MatMul")
    return y.elements() * x.dims[x.dims.size() - (node.flag("transpose_in0", false) ? 2 : 1)];
  if (node.type == "Conv2d") {
    const Tensor& w = model.tensors[node.inputs[1]];
    return y.elements() * (w.elements() / w.dims.back());
  }
  return 0;
}

}  // namespace

QnnHostGraph_Footprint_t footprint_of(const GraphModel& model, const std::vector<Step>& steps) {
  QnnHostGraph_Footprint_t footprint = {};
  std::set<uint32_t> counted;
  std::set<const uint8_t*> copies;
  for (const Step& step : steps) {
    for (const uint32_t index : step.nodes) {
      const Node& node = model.nodes[index];
      footprint.multiplyAdds += multiply_adds(model, node);
      for (uint32_t i = 0; i < node.inputs.size(); ++i) {
        const Tensor& tensor = model.tensors[node.inputs[i]];
        if (!tensor.is_static()) continue;
        // Of a table only the rows that are asked for are read.
        const bool table = node.type == "Gather" && i == 0;
        if (table)
          footprint.weightBytes += model.tensors[node.outputs[0]].bytes();
        else if (counted.insert(node.inputs[i]).second)
          footprint.weightBytes += tensor.bytes();
      }
    }
    const PackedView packed = step.kernel != nullptr ? step.kernel->packed() : PackedView();
    if (packed.copied && copies.insert(packed.data).second) footprint.packedBytes += packed.bytes;
  }
  footprint.steps = static_cast<uint32_t>(steps.size());
  return footprint;
}

}  // namespace qnn_host
