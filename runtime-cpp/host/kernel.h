#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph_model.h"

namespace qnn_host {

class ThreadPool;

/// A node with what surrounds it, as kernels are made from it.
struct Op {
  const Node& node;
  std::vector<const Tensor*> inputs;
  std::vector<const Tensor*> outputs;
  /// The node that computes each input, looked for through Reshape; null for graph inputs and
  /// static data.
  std::vector<const Node*> producers;
  /// Where the producers' own tensors are; null when a node is looked at by itself.
  const GraphModel* model = nullptr;
};

/// Memory of one execution. A static input that the kernel has packed is null.
struct Buffers {
  const void* const* inputs;
  void* const* outputs;
  ThreadPool* threads;  ///< null: only the caller's
  /// Set by kernels of several nodes when a value that they keep to themselves is outside the
  /// finite range, and by those that tell of their outputs; may be null.
  bool* outside = nullptr;
};

/// Memory with packed weights. Kernels of graphs that use the same weights give the same memory.
struct PackedView {
  const uint8_t* data = nullptr;
  uint64_t bytes = 0;
  bool copied = false;  ///< false: this is the client's copy
};

/// One node's computation, with all that depends on shapes and parameters worked out beforehand.
/// Immutable: may be run for several executions at once.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void run(const Buffers& buffers) const = 0;
  /// False: `run` does not read this (static) input, since the kernel holds it in a form of its
  /// own.
  virtual bool reads(size_t input) const {
    (void)input;
    return true;
  }
  /// The weights that each run streams, if the kernel holds them itself.
  virtual PackedView packed() const { return {}; }
  /// `run` says by Buffers::outside whether an output has values outside the finite range; else
  /// whoever needs to know looks for himself.
  virtual bool tells_outside() const { return false; }
  /// Output 0 may be the very memory of this input.
  virtual bool may_overwrite(size_t input) const {
    (void)input;
    return false;
  }
};

using MakeKernel = std::unique_ptr<Kernel> (*)(const Op& op);

/// What the backend knows of one QNN op type.
struct OpEntry {
  const char* type;
  /// Empty, or why the shapes and values of this node cannot be computed: what was found and what
  /// was expected. Types, ranks and names of parameters have been held against the op table before.
  std::string (*check)(const Op& op);
  /// Plain kernel: the definition of what the op computes, straight from its formula.
  MakeKernel reference;
};

/// Null for an op that the backend does not compute.
const OpEntry* find_op(const std::string& type);

/// The vectorised kernel for an op that `check` accepts, or null when there is none for this form:
/// the reference is then used.
std::unique_ptr<Kernel> make_fast_kernel(const Op& op);

}  // namespace qnn_host
