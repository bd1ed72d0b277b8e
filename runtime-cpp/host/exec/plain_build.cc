// A build without Google Highway: reference kernels only, and plain loops for the rest.
#ifndef RWKV_HAS_HIGHWAY

#include <cmath>
#include <cstring>

#include "executor.h"
#include "simd/convert.h"
#include "simd/products.h"
#include "simd/scalar_half.h"
#include "simd/slices.h"

namespace qnn_host {

const char* instruction_set() {
  return "none";
}

std::unique_ptr<Kernel> make_fast_kernel(const Op&) {
  return nullptr;
}

/// Nothing is fused.
SlicedOp slice_op(const Op&, size_t) {
  return {};
}

bool outside_range(const uint16_t* values, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    if ((values[i] & 0x7C00) == 0x7C00) return true;
  }
  return false;
}

bool outside_range(const float* values, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) return true;
  }
  return false;
}

void multiply_add_run(const uint16_t* x, const uint16_t* w, const uint16_t* b, uint16_t* out,
                      uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) out[i] = scalar_multiply_add(x[i], w[i], b[i]);
}

uint64_t read_memory(const uint8_t* data, uint64_t bytes) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i + sizeof sum <= bytes; i += sizeof sum) {
    uint64_t word;
    std::memcpy(&word, data + i, sizeof word);
    sum += word;
  }
  return sum;
}

}  // namespace qnn_host

#endif  // RWKV_HAS_HIGHWAY
