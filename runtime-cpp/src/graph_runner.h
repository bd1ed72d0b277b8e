#pragma once

#include <memory>
#include <vector>

#include "files.h"
#include "graph.h"
#include "state_store.h"

namespace rwkv {

/// The host's table of embeddings: rows of `width` values, mapped from the artefact.
class EmbeddingTable {
 public:
  static Result<EmbeddingTable> open(const std::string& path, const ManifestEmbedding& manifest);

  uint64_t width() const { return manifest_.width; }
  /// Row of `token`, which is below the vocabulary, as `codec`'s type.
  void copy_row(int32_t token, const ElementCodec& codec, uint8_t* out) const;

 private:
  ManifestEmbedding manifest_;
  MappedFile file_;
};

/// One graph with its inputs and outputs bound as its manifest says: tokens in, logits out, states
/// by way of a StateStore. Borrows graph, manifest and table; stays in its place.
class GraphRunner {
 public:
  /// Checks that the graph has the manifest's tensors, and no others that would need a value.
  static Result<std::unique_ptr<GraphRunner>> create(Graph& graph, const ManifestGraph& manifest,
                                                     const EmbeddingTable* embedding);
  GraphRunner(const GraphRunner&) = delete;
  GraphRunner& operator=(const GraphRunner&) = delete;

  const ManifestGraph& manifest() const { return manifest_; }
  const Graph& graph() const { return graph_; }
  const std::shared_ptr<StateStore>& state() const { return state_; }
  /// Shares another runner's store, which must have the same layout.
  void share_state(std::shared_ptr<StateStore> state) { state_ = std::move(state); }

  /// Runs tokens()[0..manifest().tokens) and advances the state; a failed execution leaves it as it
  /// was.
  Status run(const int32_t* tokens);
  /// Logits of the last run, [tokens, vocabulary].
  const std::vector<float>& logits() const { return logits_; }
  /// What the last run wrote to the graph's output `index`, in the tensor's own type.
  const uint8_t* output(size_t index) const;
  /// What it read from the graph's input `index`.
  const uint8_t* input(size_t index) const;

 private:
  GraphRunner(Graph& graph, const ManifestGraph& manifest, const EmbeddingTable* embedding)
      : graph_(graph), manifest_(manifest), embedding_(embedding) {}

  struct Slot {
    size_t index = 0;
    ElementCodec codec;
    std::vector<uint8_t> buffer;
  };
  Result<Slot> find_tensor(bool input, const std::string& name, Dtype dtype,
                           uint64_t elements) const;
  Status bind_inputs();
  Status bind_outputs();
  Status bind_states();
  Status bind_the_rest();

  Graph& graph_;
  const ManifestGraph& manifest_;
  const EmbeddingTable* embedding_;
  Slot input_;
  Slot logits_slot_;
  std::vector<size_t> state_inputs_, state_outputs_;
  std::vector<Slot> unused_outputs_;
  std::shared_ptr<StateStore> state_;
  std::vector<float> logits_;
};

}  // namespace rwkv
