#pragma once

#include <memory>
#include <vector>

#include "kernel.h"
#include "moves.h"

namespace qnn_host {

/// What is executed at once: a node, or several that were fused.
struct Step {
  std::vector<uint32_t> nodes;           ///< places in the model, in order
  std::vector<uint32_t> inputs;          ///< tensors, each once for every time the kernel reads it
  std::vector<uint32_t> outputs;         ///< tensors that later steps or the client read
  std::shared_ptr<const Kernel> kernel;  ///< null for a step of moves only
  /// Not empty: the node only moves bytes. The plan leaves those that need a copy.
  std::vector<Move> moves;
};

/// Where a tensor lies during an execution.
struct Place {
  enum class Kind : uint8_t { kNone, kStatic, kClient, kArena };
  Kind kind = Kind::kNone;
  uint32_t tensor = 0;  ///< whose data (static) or whose buffer (client)
  uint64_t offset = 0;  ///< bytes in it, or in the arena
};

struct MemoryPlan {
  std::vector<Place> places;  ///< by tensor of the model; kNone: nobody reads it from memory
  uint64_t arena_bytes = 0;
};

/// Lays out all tensors that steps touch. Outputs of moves become views of their inputs, or inputs
/// are computed right where they belong in the output; element-wise results go over operands that
/// are not needed any more. Tensors that are needed at the same time never overlap otherwise.
MemoryPlan plan_memory(const GraphModel& model, std::vector<Step>* steps);

}  // namespace qnn_host
