#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qnn_host {

/// An element-wise computation of two broadcast operands, as runs along the last axes in which each
/// operand either steps by one element or stays.
class Runs {
 public:
  /// Strides, in elements, of the operands along the axes of the output, which is dense.
  Runs(const std::vector<uint32_t>& dims, const std::vector<uint64_t>& a,
       const std::vector<uint64_t>& b);

  uint64_t length() const { return inner_.extent; }
  bool a_steps() const { return inner_.a != 0; }
  bool b_steps() const { return inner_.b != 0; }

  /// Calls `run` with the offsets, in elements, of each run in a, b and the output.
  template <typename Run>
  void for_each(Run&& run) const {
    walk(outer_.size(), 0, 0, 0, run);
  }

 private:
  struct Axis {
    uint64_t extent, a, b, out;
  };

  /// outer_ is from the innermost axis outwards.
  template <typename Run>
  void walk(size_t axes, uint64_t a, uint64_t b, uint64_t out, Run& run) const {
    if (axes == 0) return run(a, b, out);
    const Axis& axis = outer_[axes - 1];
    for (uint64_t i = 0; i < axis.extent; ++i)
      walk(axes - 1, a + i * axis.a, b + i * axis.b, out + i * axis.out, run);
  }

  Axis inner_{1, 0, 0, 1};
  std::vector<Axis> outer_;
};

}  // namespace qnn_host
