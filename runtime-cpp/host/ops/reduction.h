#pragma once

#include <cstdint>
#include <vector>

#include "shapes.h"

namespace qnn_host {

/// The dims with the extents of `axes` set to 1: what a reduction leaves when it keeps its axes.
inline Dims reduced_dims(Dims dims, const std::vector<int32_t>& axes) {
  for (const int32_t axis : axes) dims[static_cast<size_t>(axis)] = 1;
  return dims;
}

/// The dims without `axes`; [1] when none is left, since tensors of rank 0 do not exist.
inline Dims without_axes(const Dims& dims, const std::vector<int32_t>& axes) {
  Dims left;
  for (size_t i = 0; i < dims.size(); ++i) {
    bool named = false;
    for (const int32_t axis : axes) named = named || static_cast<size_t>(axis) == i;
    if (!named) left.push_back(dims[i]);
  }
  return left.empty() ? Dims{1} : left;
}

}  // namespace qnn_host
