#pragma once

#include <cstdint>

namespace qnn_host {

/// A computation in pieces that do not depend on one another. A piece may be computed twice, by two
/// threads, and one result thrown away; so it is computed aside, and copied into the output by the
/// thread that is chosen.
class ChunkedWork {
 public:
  virtual ~ChunkedWork() = default;
  virtual uint32_t chunks() const = 0;
  /// Bytes that `compute` writes, for the largest chunk.
  virtual uint64_t chunk_bytes() const = 0;
  /// Reads `operand` and what the work itself holds, nothing of the client's: a thread may still be
  /// at it when the execution is over.
  virtual void compute(const void* operand, uint32_t chunk, void* result) const = 0;
  /// Copies: short.
  virtual void commit(const void* result, uint32_t chunk, void* output) const = 0;
};

}  // namespace qnn_host
