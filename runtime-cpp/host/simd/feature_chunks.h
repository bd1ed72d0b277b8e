#pragma once

#include "kernel.h"
#include "threads/chunked_work.h"

namespace qnn_host {

/// A linear layer, y[t, m] for `rows` t and `features` m, that threads share out by its features.
class FeatureChunks : public Kernel, public ChunkedWork {
 public:
  /// Chunks of `of_chunk` features; y's elements are of `element_bytes` bytes.
  FeatureChunks(uint64_t rows, uint64_t features, uint64_t of_chunk, uint64_t element_bytes)
      : rows_(rows), features_(features), of_chunk_(of_chunk), element_bytes_(element_bytes) {}

  void run(const Buffers& buffers) const override;
  uint32_t chunks() const override {
    return static_cast<uint32_t>((features_ + of_chunk_ - 1) / of_chunk_);
  }
  uint64_t chunk_bytes() const override { return of_chunk_ * rows_ * element_bytes_; }
  void compute(const void* operand, uint32_t chunk, void* result) const override;
  void commit(const void* result, uint32_t chunk, void* output) const override;

 protected:
  /// Of x in the form in which `compute_features` reads it.
  virtual uint64_t operand_bytes() const = 0;
  virtual void prepare(const void* x, void* operand) const = 0;
  /// y[t, first .. first + count], one t after the other.
  virtual void compute_features(const void* operand, uint64_t first, uint64_t count,
                                void* y) const = 0;

  const uint64_t rows_, features_;

 private:
  uint64_t count_from(uint64_t first) const;

  const uint64_t of_chunk_, element_bytes_;
};

/// Features whose weights are about `chunk_bytes`: at least `multiple`, of which it is a multiple,
/// at most all.
uint64_t features_of_chunk(uint64_t chunk_bytes, uint64_t row_bytes, uint64_t multiple,
                           uint64_t features);

}  // namespace qnn_host
