#include "fused_kernel.h"

#include <algorithm>

#include "overflow_watch.h"
#include "simd/slices.h"

namespace qnn_host {
namespace {

/// Of one block: with its operands, some of these fit the nearest cache.
constexpr uint64_t kBlockBytes = 8 << 10;
constexpr size_t kMostOperands = 4;
constexpr uint64_t kLine = 64;

class FusedKernel : public Kernel {
 public:
  struct Part {
    SlicedOp op;
    std::vector<FusedSource> sources;
    uint32_t place = 0;  ///< which scratch block takes the result; unused for the last part
  };

  FusedKernel(std::vector<Part> parts, uint32_t blocks, Tensor block)
      : parts_(std::move(parts)), blocks_(blocks), block_(std::move(block)) {}

  bool tells_outside() const override { return true; }
  void run(const Buffers& buffers) const override {
    static thread_local std::vector<uint64_t> scratch;  // aligned for every type
    const uint64_t bytes = block_.bytes(), words = (bytes + 63) / 64 * 8;
    scratch.resize(words * blocks_);
    const auto block = [&](uint32_t part) { return &scratch[words * parts_[part].place]; };
    const uint64_t slices = parts_[0].op.slices;
    for (uint64_t slice = 0; slice < slices; ++slice) {
      if (slice + 1 < slices) fetch(buffers, slice + 1, bytes);
      for (uint32_t i = 0; i < parts_.size(); ++i) {
        const Part& part = parts_[i];
        const void* operands[kMostOperands];
        for (size_t s = 0; s < part.sources.size(); ++s) {
          const FusedSource& source = part.sources[s];
          operands[s] = source.inner ? static_cast<const void*>(block(source.index))
                                     : static_cast<const uint8_t*>(buffers.inputs[source.index]) +
                                           part.op.offsets[s][slice];
        }
        void* to = i + 1 < parts_.size()
                       ? static_cast<void*>(block(i))
                       : static_cast<uint8_t*>(buffers.outputs[0]) + slice * bytes;
        part.op.function->run(operands, to);
        if (buffers.outside != nullptr && is_outside_range(block_, to)) *buffers.outside = true;
      }
    }
  }

 private:
  /// Asks for what is read and written only once: it comes from far away.
  void fetch(const Buffers& buffers, uint64_t slice, uint64_t bytes) const {
    for (const Part& part : parts_) {
      for (size_t s = 0; s < part.sources.size(); ++s) {
        // A whole block to itself: an operand that is not broadcast.
        if (part.sources[s].inner || part.op.offsets[s][slice] != slice * bytes) continue;
        const auto* from = static_cast<const uint8_t*>(buffers.inputs[part.sources[s].index]);
        for (uint64_t i = 0; i < bytes; i += kLine) __builtin_prefetch(from + slice * bytes + i);
      }
    }
    const auto* to = static_cast<const uint8_t*>(buffers.outputs[0]) + slice * bytes;
    for (uint64_t i = 0; i < bytes; i += kLine) __builtin_prefetch(to + i, 1);
  }

  const std::vector<Part> parts_;
  const uint32_t blocks_;
  const Tensor block_;  ///< type and number of elements of one
};

/// Gives each part a scratch block: that of an operand it may overwrite and that is read for the
/// last time, or one that is free.
uint32_t place_blocks(std::vector<FusedKernel::Part>* parts) {
  std::vector<uint32_t> last(parts->size(), 0);
  for (uint32_t i = 0; i < parts->size(); ++i) {
    for (const FusedSource& source : (*parts)[i].sources) {
      if (source.inner) last[source.index] = i;
    }
  }
  std::vector<uint32_t> free;
  uint32_t count = 0;
  for (uint32_t i = 0; i + 1 < parts->size(); ++i) {
    FusedKernel::Part& part = (*parts)[i];
    bool placed = false;
    for (size_t s = 0; s < part.sources.size() && !placed; ++s) {
      if (!part.sources[s].inner || last[part.sources[s].index] != i) continue;
      if ((part.op.overwritable >> s & 1u) == 0) continue;
      part.place = (*parts)[part.sources[s].index].place;
      placed = true;
    }
    if (!placed && free.empty()) free.push_back(count++);
    if (!placed) {
      part.place = free.back();
      free.pop_back();
    }
    std::vector<uint32_t> ended;
    for (const FusedSource& source : part.sources) {
      const uint32_t place = source.inner ? (*parts)[source.index].place : part.place;
      if (source.inner && last[source.index] == i && place != part.place) ended.push_back(place);
    }
    std::sort(ended.begin(), ended.end());
    free.insert(free.end(), ended.begin(), std::unique(ended.begin(), ended.end()));
  }
  return count;
}

}  // namespace

bool can_slice(const Op& op) {
  return op.inputs.size() <= kMostOperands && slice_op(op, 0).function != nullptr;
}

std::unique_ptr<Kernel> make_fused_kernel(const std::vector<Op>& ops,
                                          const std::vector<std::vector<FusedSource>>& sources) {
  const Tensor& output = *ops.back().outputs[0];
  size_t axes = 0;
  uint64_t bytes = output.bytes();
  while (axes + 1 < output.dims.size() && bytes > kBlockBytes) bytes /= output.dims[axes++];
  // One summand of a matrix product is cut along whole rows, not within the two matrix axes.
  const bool has_product =
      std::any_of(ops.begin(), ops.end(), [](const Op& op) { return op.node.type == "MatMul"; });
  if (has_product && axes + 2 > output.dims.size()) return nullptr;
  std::vector<FusedKernel::Part> parts;
  for (size_t i = 0; i < ops.size(); ++i) {
    SlicedOp sliced = slice_op(ops[i], axes);
    if (sliced.function == nullptr) return nullptr;
    parts.push_back({std::move(sliced), sources[i]});
  }
  Tensor block;
  block.dtype = output.dtype;
  block.dims.assign(output.dims.begin() + static_cast<std::ptrdiff_t>(axes), output.dims.end());
  const uint32_t blocks = place_blocks(&parts);
  return std::make_unique<FusedKernel>(std::move(parts), blocks, std::move(block));
}

}  // namespace qnn_host
