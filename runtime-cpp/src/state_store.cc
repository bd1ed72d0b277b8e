#include "state_store.h"

namespace rwkv {
namespace {

/// Calls visit(position) with the element positions of a slice, in its logical order (last axis
/// fastest).
template <typename Visit>
void for_each_element(const ManifestStateSlice& slice, const Visit& visit) {
  const size_t rank = slice.shape.size();
  std::vector<uint64_t> index(rank, 0);
  uint64_t position = slice.offset;
  while (true) {
    visit(position);
    size_t axis = rank;
    while (axis > 0) {
      --axis;
      position += slice.strides[axis];
      if (++index[axis] < slice.shape[axis]) break;
      position -= slice.strides[axis] * slice.shape[axis];
      index[axis] = 0;
      if (axis == 0) return;
    }
    if (rank == 0) return;
  }
}

bool equal_slices(const ManifestStateSlice& a, const ManifestStateSlice& b) {
  return a.name == b.name && a.shape == b.shape;
}

bool equal_layouts(const ManifestStateSlice& a, const ManifestStateSlice& b) {
  return equal_slices(a, b) && a.offset == b.offset && a.strides == b.strides &&
         a.scale == b.scale && a.initial == b.initial;
}

}  // namespace

StateStore StateStore::create(const std::vector<ManifestState>& states,
                              std::vector<ElementCodec> codecs) {
  StateStore store;
  for (size_t i = 0; i < states.size(); ++i) {
    Tensor tensor;
    tensor.manifest = states[i];
    tensor.codec = codecs[i];
    const size_t bytes = states[i].elements() * codecs[i].element_size();
    for (std::vector<uint8_t>& buffer : tensor.buffers) buffer.resize(bytes);
    store.tensors_.push_back(std::move(tensor));
  }
  // A copy of the states that the slices can point into as long as the store lives.
  store.manifest_ = std::make_unique<const std::vector<ManifestState>>(states);
  store.order_ = slices_in_order(*store.manifest_);
  store.reset();
  return store;
}

void StateStore::reset() {
  for (Tensor& tensor : tensors_) {
    std::vector<uint8_t>& buffer = tensor.buffers[current_];
    const size_t size = tensor.codec.element_size();
    // Elements that no slice covers are padding: zeros.
    for (size_t at = 0; at < buffer.size(); at += size) tensor.codec.write(&buffer[at], 0);
    for (const ManifestStateSlice& slice : tensor.manifest.slices) {
      const float initial = static_cast<float>(slice.initial * slice.scale);
      for_each_element(
          slice, [&](uint64_t position) { tensor.codec.write(&buffer[position * size], initial); });
    }
  }
}

uint64_t StateStore::values() const {
  uint64_t n = 0;
  for (const Tensor& tensor : tensors_) {
    for (const ManifestStateSlice& slice : tensor.manifest.slices) n += slice.elements();
  }
  return n;
}

void StateStore::get(float* values) const {
  for (const SliceOfState& entry : order_) {
    const Tensor& tensor = tensors_[entry.state];
    const std::vector<uint8_t>& buffer = tensor.buffers[current_];
    const size_t size = tensor.codec.element_size();
    for_each_element(*entry.slice, [&](uint64_t position) {
      *values++ =
          static_cast<float>(tensor.codec.read(&buffer[position * size]) / entry.slice->scale);
    });
  }
}

void StateStore::set(const float* values) {
  for (const SliceOfState& entry : order_) {
    Tensor& tensor = tensors_[entry.state];
    std::vector<uint8_t>& buffer = tensor.buffers[current_];
    const size_t size = tensor.codec.element_size();
    for_each_element(*entry.slice, [&](uint64_t position) {
      tensor.codec.write(&buffer[position * size],
                         static_cast<float>(*values++ * entry.slice->scale));
    });
  }
}

bool same_slices(const std::vector<ManifestState>& a, const std::vector<ManifestState>& b) {
  const auto left = slices_in_order(a), right = slices_in_order(b);
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (!equal_slices(*left[i].slice, *right[i].slice)) return false;
  }
  return true;
}

bool same_layout(const std::vector<ManifestState>& a, const std::vector<ManifestState>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].dtype != b[i].dtype || a[i].shape != b[i].shape ||
        a[i].slices.size() != b[i].slices.size()) {
      return false;
    }
    for (size_t j = 0; j < a[i].slices.size(); ++j) {
      if (!equal_layouts(a[i].slices[j], b[i].slices[j])) return false;
    }
  }
  return true;
}

}  // namespace rwkv
