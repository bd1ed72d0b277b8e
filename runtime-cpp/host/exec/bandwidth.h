#pragma once

#include <cstdint>
#include <vector>

#include "huge_memory.h"
#include "kernel.h"
#include "threads/chunked_work.h"

namespace qnn_host {

/// Reads memory as fast as the machine does. Where there are packed weights it reads those: the
/// same pages as an execution, and no more memory is needed.
class BandwidthProbe : public ChunkedWork {
 public:
  explicit BandwidthProbe(std::vector<PackedView> weights) : weights_(std::move(weights)) {}

  /// Bytes/s of reading `bytes` once, or a part more than once when there are fewer; 0 when the
  /// build cannot.
  double measure(uint64_t bytes, ThreadPool* threads);

  uint32_t chunks() const override { return static_cast<uint32_t>(parts_.size()); }
  uint64_t chunk_bytes() const override { return sizeof(uint64_t); }
  void compute(const void* operand, uint32_t chunk, void* result) const override;
  void commit(const void* result, uint32_t chunk, void* output) const override;

 private:
  void cut(uint64_t bytes);

  std::vector<PackedView> weights_;
  HugeMemory own_;
  std::vector<PackedView> parts_;
  uint64_t cut_bytes_ = 0;
};

}  // namespace qnn_host
