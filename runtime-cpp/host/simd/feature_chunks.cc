#include "feature_chunks.h"

#include <algorithm>
#include <cstring>

#include "threads/thread_pool.h"

namespace qnn_host {

uint64_t FeatureChunks::count_from(uint64_t first) const {
  return std::min(of_chunk_, features_ - first);
}

void FeatureChunks::run(const Buffers& buffers) const {
  if (buffers.threads != nullptr) {
    prepare(buffers.inputs[0], buffers.threads->operand(operand_bytes()));
    buffers.threads->run(*this, buffers.outputs[0]);
    return;
  }
  static thread_local std::vector<uint64_t> operand, result;  // aligned for every type
  operand.resize((operand_bytes() + 7) / 8);
  result.resize((chunk_bytes() + 7) / 8);
  prepare(buffers.inputs[0], operand.data());
  for (uint32_t chunk = 0; chunk < chunks(); ++chunk) {
    compute(operand.data(), chunk, result.data());
    commit(result.data(), chunk, buffers.outputs[0]);
  }
}

void FeatureChunks::compute(const void* operand, uint32_t chunk, void* result) const {
  const uint64_t first = chunk * of_chunk_;
  compute_features(operand, first, count_from(first), result);
}

void FeatureChunks::commit(const void* result, uint32_t chunk, void* output) const {
  const uint64_t first = chunk * of_chunk_, bytes = count_from(first) * element_bytes_;
  for (uint64_t t = 0; t < rows_; ++t)
    std::memcpy(static_cast<uint8_t*>(output) + (t * features_ + first) * element_bytes_,
                static_cast<const uint8_t*>(result) + t * bytes, bytes);
}

uint64_t features_of_chunk(uint64_t chunk_bytes, uint64_t row_bytes, uint64_t multiple,
                           uint64_t features) {
  const uint64_t wanted = chunk_bytes / row_bytes / multiple * multiple;
  return std::min(std::max(wanted, multiple), features);
}

}  // namespace qnn_host
