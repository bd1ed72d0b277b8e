#include <sys/resource.h>

#include <algorithm>

#include "clock.h"
#include "host_backend.h"
#include "run_modes.h"
#include "session_flags.h"

namespace rwkv {
namespace {

/// Tokens between two measurements of the bandwidth: near enough in time that other work on the
/// machine slows down both alike.
constexpr size_t kTokensPerRound = 4;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// "1,2": numbers of threads; 0 for as many as there are processors.
Result<std::vector<uint32_t>> thread_counts(const std::string& text) {
  std::vector<uint32_t> counts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    uint64_t count = 0;
    if (!parse_count(text.substr(at, end - at), 256, count))
      return usage_error("usage/threads", "--threads is a list like 1,2, found \"" + text + "\"");
    counts.push_back(static_cast<uint32_t>(count));
    at = end + 1;
  }
  return counts;
}

const Graph* find_graph(const Engine& engine, const std::string& name) {
  for (const Graph& graph : engine.graphs()) {
    if (graph.name() == name) return &graph;
  }
  return nullptr;
}

const ManifestGraph* find_manifest_graph(const Manifest& manifest, bool prefill) {
  for (const ManifestGraph& graph : manifest.graphs) {
    if ((graph.tokens > 1) == prefill) return &graph;
  }
  return nullptr;
}

/// Token ids that jump about in the vocabulary, so that embeddings are not all in one place.
std::vector<int32_t> some_tokens(size_t count, size_t vocabulary) {
  std::vector<int32_t> tokens(count);
  for (size_t i = 0; i < count; ++i) tokens[i] = static_cast<int32_t>((i * 7919 + 13) % vocabulary);
  return tokens;
}

struct Decode {
  double seconds_per_token = 0;
  double bandwidth = 0;  ///< bytes/s read; 0: not known
};

/// Rounds of some tokens, each beside a measurement of the bandwidth over as many bytes.
Result<Decode> measure_decode(Session& session, const QnnHostDevice_Infrastructure_t* host,
                              const Graph& graph, uint64_t bytes, size_t tokens) {
  const std::vector<int32_t> ids =
      some_tokens(tokens + kTokensPerRound, session.manifest().vocabulary);
  std::vector<double> times, bandwidths;
  for (size_t at = 0; at < ids.size(); at += kTokensPerRound) {
    double bandwidth = 0;
    if (host != nullptr) {
      const Call call("measureReadBandwidth", "graph \"" + graph.name() + "\"");
      RWKV_TRY(call.check(host->measureReadBandwidth(graph.handle(), bytes, &bandwidth)));
    }
    const size_t count = std::min(kTokensPerRound, ids.size() - at);
    for (size_t i = 0; i < count; ++i) {
      const auto start = Clock::now();
      RWKV_TRY(session.advance(&ids[at + i], 1, GraphChoice::kDecode));
      // The first round fills caches.
      if (at != 0) times.push_back(seconds_since(start));
    }
    if (at != 0) bandwidths.push_back(bandwidth);
  }
  return Decode{median(times), median(bandwidths)};
}

/// Seconds for as many tokens as the graph takes.
Result<double> measure_prefill(Session& session, size_t tokens, size_t rounds) {
  const std::vector<int32_t> ids = some_tokens(tokens, session.manifest().vocabulary);
  std::vector<double> times;
  for (size_t i = 0; i <= rounds; ++i) {
    const auto start = Clock::now();
    RWKV_TRY(session.advance(ids.data(), ids.size(), GraphChoice::kPrefill));
    if (i != 0) times.push_back(seconds_since(start));
  }
  return median(times);
}

Status bench(const Flags& flags, uint32_t threads, size_t tokens, JsonWriter& report) {
  RWKV_ASSIGN(const std::unique_ptr<Session> session, open_session(flags, {}, threads));
  const HostBackend host = HostBackend::of(session->engine().api());
  const ManifestGraph* decode = find_manifest_graph(session->manifest(), false);
  const ManifestGraph* prefill = find_manifest_graph(session->manifest(), true);
  const Graph* graph = decode != nullptr ? find_graph(session->engine(), decode->name) : nullptr;
  if (graph == nullptr)
    return input_error("bench/no-graph", "the artefact has no graph that reads one token");

  QnnHostGraph_Footprint_t footprint = {};
  if (host.is_there()) {
    const Call call("graphGetFootprint", "graph \"" + graph->name() + "\"");
    RWKV_TRY(call.check(host.table()->graphGetFootprint(graph->handle(), &footprint)));
  }
  RWKV_ASSIGN(const Decode decoded,
              measure_decode(*session, host.table(), *graph, footprint.weightBytes, tokens));
  report.begin_object();
  report.member("threads", host.is_there() ? footprint.threads : threads);
  report.member("loadSeconds", session->load_seconds());
  report.key("decode").begin_object();
  report.member("tokensPerSecond", 1 / decoded.seconds_per_token);
  if (host.is_there()) {
    const double rate = static_cast<double>(footprint.weightBytes) / decoded.seconds_per_token;
    report.member("bytesPerToken", footprint.weightBytes);
    report.member("bytesPerSecond", rate);
    report.member("readBandwidth", decoded.bandwidth);
    report.member("share", rate / decoded.bandwidth);
    report.member("packedBytes", footprint.packedBytes);
    report.member("arenaBytes", footprint.arenaBytes);
    report.member("multiplyAdds", footprint.multiplyAdds);
    report.member("steps", footprint.steps);
  }
  report.end_object();
  if (prefill != nullptr) {
    RWKV_ASSIGN(const double seconds, measure_prefill(*session, prefill->tokens, 3));
    const double rate = static_cast<double>(prefill->tokens) / seconds;
    report.key("prefill").begin_object();
    report.member("tokens", static_cast<uint64_t>(prefill->tokens));
    report.member("tokensPerSecond", rate);
    report.member("timesDecode", rate * decoded.seconds_per_token).end_object();
  }
  report.end_object();
  return Done{};
}

Status run_bench(const Flags& flags, JsonWriter& report, Console&) {
  RWKV_ASSIGN(const uint64_t tokens, flags.count("--tokens", 32, 100000));
  RWKV_ASSIGN(const std::vector<uint32_t> counts, thread_counts(flags.text("--threads", "1")));
  if (tokens < 1) return usage_error("usage/tokens", "--tokens is 0: one token is the least");
  report.key("runs").begin_array();
  for (const uint32_t threads : counts) RWKV_TRY(bench(flags, threads, tokens, report));
  report.end_array();
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  report.member("peakMemoryBytes", static_cast<uint64_t>(usage.ru_maxrss) * 1024);
  return Done{};
}

}  // namespace

Mode bench_mode() {
  return {{"bench", "measure tokens a second, beside the bandwidth of the memory",
           session_flags({{"--tokens", "N", "tokens to decode, default 32"}})},
          &run_bench};
}

}  // namespace rwkv
