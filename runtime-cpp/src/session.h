#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine.h"
#include "graph_runner.h"
#include "host_backend.h"
#include "manifest.h"

namespace rwkv {

/// Which graphs a session may use.
enum class GraphChoice { kAuto, kDecode, kPrefill };

struct SessionOptions {
  EngineOptions engine;
  /// Context binary to load; empty composes from the model library.
  std::string context;
  std::string model_library;
};

/// A model that is being read and written: tokens in, logits out, the state in between. Not for two
/// threads at once.
class Session {
 public:
  /// Loads or composes and finalizes the artefact's graphs and binds them.
  static Result<std::unique_ptr<Session>> create(const std::string& artefact, Manifest manifest,
                                                 const SessionOptions& options);
  /// The same over an engine that has its graphs, finalized: for tests.
  static Result<std::unique_ptr<Session>> create(const std::string& artefact, Manifest manifest,
                                                 std::unique_ptr<Engine> engine);

  struct Rows {
    /// Tokens that were taken; a row of logits for each.
    size_t tokens = 0;
    const float* logits = nullptr;  ///< valid until the next call
  };
  /// Takes the first tokens of `tokens`, as many as one execution of a fitting graph does: of the
  /// graphs allowed by `choice` that take no more than there are, the one that takes the most.
  Result<Rows> advance(const int32_t* tokens, size_t count,
                       GraphChoice choice = GraphChoice::kAuto);

  /// Takes all of them, checked first: an id outside the vocabulary changes nothing.
  Status eval(const int32_t* tokens, size_t count);
  /// Logits after the last token, [vocabulary]; null before the first.
  const float* logits() const { return last_logits_; }

  /// Back to the spec's initial state, as if no token had been read.
  void reset();
  uint64_t state_values() const { return active_->state()->values(); }
  /// Values of the spec, see StateStore.
  void get_state(float* values) const { active_->state()->get(values); }
  void set_state(const float* values);

  /// The graph that ran last, or would run one token; for looking into it.
  const GraphRunner& runner() const { return *active_; }
  Status check_tokens(const int32_t* tokens, size_t count) const;
  const Manifest& manifest() const { return manifest_; }
  const Engine& engine() const { return *engine_; }
  /// The first one since the session began or was reset; null while all values were finite, and for
  /// backends that do not tell.
  const Overflow* overflow() const { return overflow_.get(); }
  /// An error about what the model computed, with the overflow that may have led to it.
  Error explain(Error error) const;
  /// Seconds that loading or composing and finalizing took.
  double load_seconds() const { return load_seconds_; }

 private:
  explicit Session(Manifest manifest) : manifest_(std::move(manifest)) {}
  Status bind(const std::string& artefact);
  Status share_states();
  Result<GraphRunner*> choose(size_t count, GraphChoice choice);
  void activate(GraphRunner* runner);
  void watch(const GraphRunner& runner);

  Manifest manifest_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EmbeddingTable> embedding_;
  std::unique_ptr<GraphRunner> decode_;
  /// For several tokens each, the most first.
  std::vector<std::unique_ptr<GraphRunner>> prefill_;
  /// The runner whose store has the state now.
  GraphRunner* active_ = nullptr;
  const float* last_logits_ = nullptr;
  HostBackend host_;
  uint64_t tokens_read_ = 0;
  std::shared_ptr<const Overflow> overflow_;
  double load_seconds_ = 0;
};

}  // namespace rwkv
