#pragma once

#include <cstdint>
#include <memory>

#include "kernel.h"

namespace qnn_host {

/// A static tensor's data as kernels stream them: the bytes in their own order.
class PackedWeight {
 public:
  virtual ~PackedWeight() = default;
  const uint8_t* data() const { return view_.data; }
  const PackedView& view() const { return view_; }

 protected:
  PackedView view_;
};

/// Data that lie in a client's file mapping are copied to huge pages, window by window, and the
/// pages of the mapping given back: the weights are in memory once. Graphs of one context that use
/// the same data share the copy. Other data stay where they are. Null when there is no memory.
std::shared_ptr<const PackedWeight> pack_weight(const Tensor& tensor);

}  // namespace qnn_host
