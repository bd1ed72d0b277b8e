#include "session.h"

#include <algorithm>
#include <chrono>

#include "wide_model.h"

namespace rwkv {
namespace {

/// Sizes of the files that this run needs: a copy that was cut short is found before a library
/// reads it.
Status check_files(const std::string& artefact, const Manifest& manifest) {
  for (const std::string& path : {manifest.weights, manifest.embedding.file}) {
    const auto listed = manifest.files.find(path);
    if (path.empty() || listed == manifest.files.end()) continue;
    RWKV_ASSIGN(const uint64_t bytes, file_size(join_path(artefact, path)));
    if (bytes != listed->second.bytes) {
      return input_error("artefact/file-size",
                         join_path(artefact, path) + " has " + std::to_string(bytes) +
                             " bytes, the manifest says " + std::to_string(listed->second.bytes),
                         "The copy is not complete: copy or build the artefact again.");
    }
  }
  return Done{};
}

}  // namespace

Result<std::unique_ptr<Session>> Session::create(const std::string& artefact, Manifest manifest,
                                                 const SessionOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  RWKV_TRY(check_files(artefact, manifest));
  if (options.engine.compose.wide) widen(manifest);
  RWKV_ASSIGN(std::unique_ptr<Engine> engine, Engine::open(options.engine));
  if (!options.context.empty()) {
    RWKV_TRY(engine->load(options.context));
  } else {
    RWKV_ASSIGN(const ModelLibrary library, ModelLibrary::open(options.model_library));
    std::vector<std::string> names;
    for (const ManifestGraph& graph : manifest.graphs) names.push_back(graph.name);
    RWKV_TRY(engine->compose(library, names));
    RWKV_TRY(engine->finalize(QNN_PROFILE_LEVEL_BASIC));
  }
  RWKV_ASSIGN(std::unique_ptr<Session> session,
              create(artefact, std::move(manifest), std::move(engine)));
  session->load_seconds_ =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return session;
}

Result<std::unique_ptr<Session>> Session::create(const std::string& artefact, Manifest manifest,
                                                 std::unique_ptr<Engine> engine) {
  std::unique_ptr<Session> session(new Session(std::move(manifest)));
  session->engine_ = std::move(engine);
  RWKV_TRY(session->bind(artefact));
  return session;
}

Status Session::bind(const std::string& artefact) {
  if (manifest_.embedding.on_host) {
    RWKV_ASSIGN(
        EmbeddingTable table,
        EmbeddingTable::open(join_path(artefact, manifest_.embedding.file), manifest_.embedding));
    embedding_ = std::make_unique<EmbeddingTable>(std::move(table));
  }
  for (const ManifestGraph& manifest : manifest_.graphs) {
    Graph* graph = engine_->find_graph(manifest.name);
    if (graph == nullptr) {
      return input_error("artefact/no-graph",
                         "the library or context binary has no graph " + manifest.name +
                             ", which the manifest lists",
                         "It is not of this artefact: build it again.");
    }
    RWKV_ASSIGN(std::unique_ptr<GraphRunner> runner,
                GraphRunner::create(*graph, manifest, embedding_.get()));
    const bool is_decode = manifest.kind == ManifestGraph::Kind::kDecode;
    const auto same_tokens = [&](const std::unique_ptr<GraphRunner>& other) {
      return other->manifest().tokens == manifest.tokens;
    };
    if (is_decode ? decode_ != nullptr
                  : std::any_of(prefill_.begin(), prefill_.end(), same_tokens)) {
      return input_error("artefact/graphs",
                         "two graphs of one kind for as many tokens: " + manifest_.graph_names());
    }
    if (is_decode) {
      decode_ = std::move(runner);
    } else {
      prefill_.push_back(std::move(runner));
    }
  }
  std::sort(prefill_.begin(), prefill_.end(), [](const auto& a, const auto& b) {
    return a->manifest().tokens > b->manifest().tokens;
  });
  active_ = decode_ != nullptr ? decode_.get() : prefill_.front().get();
  host_ = HostBackend::of(engine_->api());
  return share_states();
}

/// Graphs that lay their states out alike work on the same buffers; between others, values are
/// converted when the graph changes.
Status Session::share_states() {
  for (const std::unique_ptr<GraphRunner>& runner : prefill_) {
    const std::vector<ManifestState>& a = active_->manifest().states;
    const std::vector<ManifestState>& b = runner->manifest().states;
    if (!same_slices(a, b)) {
      return input_error("artefact/states", "graphs " + active_->manifest().name + " and " +
                                                runner->manifest().name + " have different states");
    }
    if (same_layout(a, b)) runner->share_state(active_->state());
  }
  return Done{};
}

Status Session::check_tokens(const int32_t* tokens, size_t count) const {
  for (size_t i = 0; i < count; ++i) {
    if (tokens[i] < 0 || static_cast<uint64_t>(tokens[i]) >= manifest_.vocabulary) {
      return input_error("token/outside-vocabulary", "token " + std::to_string(tokens[i]) +
                                                         " at position " + std::to_string(i) +
                                                         " is outside the vocabulary of " +
                                                         std::to_string(manifest_.vocabulary));
    }
  }
  return Done{};
}

Result<GraphRunner*> Session::choose(size_t count, GraphChoice choice) {
  if (choice == GraphChoice::kPrefill && prefill_.empty()) {
    return usage_error("artefact/no-graph", "the artefact has no prefill graph",
                       "Build it with --prefill T.");
  }
  if (choice != GraphChoice::kDecode) {
    for (const std::unique_ptr<GraphRunner>& runner : prefill_) {
      if (runner->manifest().tokens <= count) return runner.get();
    }
  }
  if (decode_ != nullptr) return decode_.get();
  const std::string least = std::to_string(prefill_.back()->manifest().tokens);
  return usage_error("token/count", "the artefact has no decode graph for the last " +
                                        std::to_string(count) +
                                        " tokens; its prefill graph takes " + least + " at a time");
}

void Session::activate(GraphRunner* runner) {
  if (runner != active_ && runner->state() != active_->state()) {
    std::vector<float> values(active_->state()->values());
    active_->state()->get(values.data());
    runner->state()->set(values.data());
  }
  active_ = runner;
}

Result<Session::Rows> Session::advance(const int32_t* tokens, size_t count, GraphChoice choice) {
  if (count == 0) return usage_error("token/count", "no tokens were given");
  RWKV_ASSIGN(GraphRunner* const runner, choose(count, choice));
  const size_t taken = runner->manifest().tokens;
  RWKV_TRY(check_tokens(tokens, taken));
  activate(runner);
  RWKV_TRY(runner->run(tokens));
  watch(*runner);
  last_logits_ = runner->logits().data() + (taken - 1) * manifest_.vocabulary;
  return Rows{taken, runner->logits().data()};
}

/// What overflows after the first time follows from it.
void Session::watch(const GraphRunner& runner) {
  std::optional<Overflow> found;
  if (overflow_ == nullptr) found = host_.overflow(runner.graph());
  if (found) {
    found->token = tokens_read_;
    found->tokens = runner.manifest().tokens;
    overflow_ = std::make_shared<const Overflow>(std::move(*found));
  }
  tokens_read_ += runner.manifest().tokens;
}

Error Session::explain(Error error) const {
  error.overflow = overflow_;
  return error;
}

Status Session::eval(const int32_t* tokens, size_t count) {
  RWKV_TRY(check_tokens(tokens, count));
  for (size_t at = 0; at < count;) {
    RWKV_ASSIGN(const Rows rows, advance(tokens + at, count - at));
    at += rows.tokens;
  }
  return Done{};
}

void Session::reset() {
  active_->state()->reset();
  last_logits_ = nullptr;
  tokens_read_ = 0;
  overflow_.reset();
}

void Session::set_state(const float* values) {
  active_->state()->set(values);
  last_logits_ = nullptr;
}

}  // namespace rwkv
