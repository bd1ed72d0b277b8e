#pragma once

#include <cstring>
#include <vector>

#include "shapes.h"

namespace qnn_host {

/// Writes, in row-major order of `dims`, the elements of `size` bytes that lie at these strides (in
/// elements) from `from`.
inline void gather_elements(const uint8_t* from, uint64_t first, const Dims& dims,
                            const std::vector<uint64_t>& strides, uint32_t size, uint8_t* to) {
  Walk walk(dims, strides);
  for (uint64_t i = product(dims); i-- > 0; walk.next(), to += size)
    std::memcpy(to, from + (first + walk.offset()) * size, size);
}

}  // namespace qnn_host
