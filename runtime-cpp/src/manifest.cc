#include "manifest.h"

#include <algorithm>

namespace rwkv {
namespace {

using Role = ManifestTensor::Role;

uint64_t product(const std::vector<uint64_t>& shape) {
  uint64_t n = 1;
  for (const uint64_t d : shape) n *= d;
  return n;
}

}  // namespace

const char* dtype_name(Dtype dtype) {
  switch (dtype) {
    case Dtype::kFloat16:
      return "float16";
    case Dtype::kFloat32:
      return "float32";
    case Dtype::kInt32:
      return "int32";
    case Dtype::kUint16:
      return "uint16";
  }
  return "unknown";
}

size_t dtype_size(Dtype dtype) {
  return dtype == Dtype::kFloat16 || dtype == Dtype::kUint16 ? 2 : 4;
}

uint64_t ManifestTensor::elements() const {
  return product(shape);
}
uint64_t ManifestStateSlice::elements() const {
  return product(shape);
}
uint64_t ManifestState::elements() const {
  return product(shape);
}

std::vector<SliceOfState> slices_in_order(const std::vector<ManifestState>& states) {
  std::vector<SliceOfState> slices;
  for (size_t i = 0; i < states.size(); ++i) {
    for (const ManifestStateSlice& slice : states[i].slices) slices.push_back({i, &slice});
  }
  std::stable_sort(slices.begin(), slices.end(), [](const SliceOfState& a, const SliceOfState& b) {
    return a.slice->order < b.slice->order;
  });
  return slices;
}

const ManifestTensor* ManifestGraph::input(Role role) const {
  for (const ManifestTensor& tensor : inputs) {
    if (tensor.role == role) return &tensor;
  }
  return nullptr;
}

const ManifestTensor* ManifestGraph::output(Role role) const {
  for (const ManifestTensor& tensor : outputs) {
    if (tensor.role == role) return &tensor;
  }
  return nullptr;
}

const ManifestGraph* Manifest::graph(ManifestGraph::Kind kind) const {
  for (const ManifestGraph& candidate : graphs) {
    if (candidate.kind == kind) return &candidate;
  }
  return nullptr;
}

const ManifestGraph* Manifest::graph(const std::string& graph_name) const {
  for (const ManifestGraph& candidate : graphs) {
    if (candidate.name == graph_name) return &candidate;
  }
  return nullptr;
}

std::string Manifest::graph_names() const {
  std::string text;
  for (const ManifestGraph& candidate : graphs) text += (text.empty() ? "" : ", ") + candidate.name;
  return text;
}

}  // namespace rwkv
