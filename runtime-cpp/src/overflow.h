#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rwkv {

/// A node whose result left the finite numbers of its type while all it read was inside.
struct Overflow {
  struct Range {
    std::string tensor;
    double largest = 0;  ///< the largest finite magnitude
  };
  /// Place of the token in all that the session has read; of a graph for several tokens, the first
  /// one's.
  uint64_t token = 0;
  /// Tokens that the execution read.
  uint64_t tokens = 1;
  std::string graph;
  std::string node;
  std::string tensor;
  uint64_t index = 0;  ///< of the first such element
  double value = 0;
  uint64_t elements = 0;  ///< how many are such
  std::vector<Range> inputs;
};

}  // namespace rwkv
