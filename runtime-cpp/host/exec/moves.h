#pragma once

#include <cstdint>
#include <vector>

#include "graph_model.h"

namespace qnn_host {

/// One contiguous run of bytes that a node takes from an input to an output unchanged.
struct Move {
  uint32_t input, output;  ///< places in the node's lists
  uint64_t from, to;       ///< bytes from the tensors' starts
  uint64_t bytes;
};

/// True for a node that only moves bytes, and each output or input as one run: Reshape, and Split,
/// StridedSlice and Concat along the first axis that is longer than 1. Such a node needs no work
/// where outputs can lie on inputs. `node` has passed its op's check.
bool moves_of(const GraphModel& model, const Node& node, std::vector<Move>* moves);

}  // namespace qnn_host
