#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qnn_host {

/// An element-wise computation of two broadcast operands, as rows along the last axes, in which
/// each operand either steps by one element or stays, and blocks of equally spaced rows.
class Runs {
 public:
  /// Strides, in elements, of the operands along the axes of the output, which is dense.
  Runs(const std::vector<uint32_t>& dims, const std::vector<uint64_t>& a,
       const std::vector<uint64_t>& b);

  /// Steps are in elements.
  struct Axis {
    uint64_t extent, a, b, out;
  };
  const Axis& row() const { return row_; }
  const Axis& block() const { return block_; }

  /// Calls `run` with the offsets, in elements, of each block in a, b and the output.
  template <typename Run>
  void for_each(Run&& run) const {
    walk(outer_.size(), 0, 0, 0, run);
  }

 private:
  /// outer_ is from the innermost axis outwards.
  template <typename Run>
  void walk(size_t axes, uint64_t a, uint64_t b, uint64_t out, Run& run) const {
    if (axes == 0) return run(a, b, out);
    const Axis& axis = outer_[axes - 1];
    for (uint64_t i = 0; i < axis.extent; ++i)
      walk(axes - 1, a + i * axis.a, b + i * axis.b, out + i * axis.out, run);
  }

  Axis row_{1, 0, 0, 1}, block_{1, 0, 0, 1};
  std::vector<Axis> outer_;
};

}  // namespace qnn_host
