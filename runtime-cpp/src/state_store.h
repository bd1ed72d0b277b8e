#pragma once

#include <memory>
#include <vector>

#include "element_codec.h"
#include "manifest.h"

namespace rwkv {

/// The recurrent state between two executions. Each state tensor has two buffers: a step reads one
/// and writes the other, and `flip` swaps their parts, so nothing is copied. To the outside the
/// state is float32 values of the spec: scales divided out, slice after slice in the order of the
/// spec, each slice in its logical order.
class StateStore {
 public:
  /// Starts at the spec's initial values. `codecs`: one per state.
  static StateStore create(const std::vector<ManifestState>& states,
                           std::vector<ElementCodec> codecs);

  size_t count() const { return tensors_.size(); }
  uint8_t* input(size_t index) { return tensors_[index].buffers[current_].data(); }
  uint8_t* output(size_t index) { return tensors_[index].buffers[1 - current_].data(); }
  /// What the last execution wrote is what the next one reads.
  void flip() { current_ = 1 - current_; }

  void reset();

  /// Values of all slices.
  uint64_t values() const;
  void get(float* values) const;
  void set(const float* values);

 private:
  struct Tensor {
    ManifestState manifest;
    ElementCodec codec;
    std::vector<uint8_t> buffers[2];
  };
  std::vector<Tensor> tensors_;
  std::unique_ptr<const std::vector<ManifestState>> manifest_;
  std::vector<SliceOfState> order_;
  int current_ = 0;
};

/// Whether both lists describe the same slices (name, shape), so that values can pass between them.
bool same_slices(const std::vector<ManifestState>& a, const std::vector<ManifestState>& b);
/// Whether both lists lay the slices out alike as well, so that buffers can be shared.
bool same_layout(const std::vector<ManifestState>& a, const std::vector<ManifestState>& b);

}  // namespace rwkv
