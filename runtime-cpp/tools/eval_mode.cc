#include <chrono>
#include <cmath>

#include "run_modes.h"
#include "session_flags.h"

namespace rwkv {
namespace {

/// -log p(token), in nats, under the softmax of `logits`: log-sum-exp in double, shifted by the
/// largest logit.
double negative_log_likelihood(const float* logits, size_t count, int32_t token) {
  double highest = logits[0];
  for (size_t i = 1; i < count; ++i) highest = std::fmax(highest, logits[i]);
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += std::exp(logits[i] - highest);
  return std::log(sum) + highest - logits[token];
}

Status run_eval(const Flags& flags, JsonWriter& report, Console&) {
  RWKV_ASSIGN(const std::string path, flags.required("--text"));
  RWKV_ASSIGN(const uint64_t limit, flags.count("--limit", UINT64_MAX, UINT64_MAX));
  RWKV_ASSIGN(const GraphChoice choice, graph_choice(flags));
  RWKV_ASSIGN(const std::string text, read_file(path));
  RWKV_ASSIGN(const std::unique_ptr<Session> session, open_session(flags));
  RWKV_ASSIGN(const std::unique_ptr<Tokenizer> tokenizer,
              session_tokenizer(flags, session->manifest()));
  RWKV_ASSIGN(std::vector<int32_t> tokens, encode_from_start(*tokenizer, text));
  if (tokens.size() > limit) tokens.resize(limit);
  if (tokens.size() < 2)
    return input_error("eval/too-short", path + " has fewer than 2 tokens: nothing to predict",
                       "give a text of some hundreds of tokens, and a --limit of 2 or more");

  // The last token is predicted and not read.
  const size_t predicted = tokens.size() - 1;
  const size_t vocabulary = session->manifest().vocabulary;
  std::vector<float> each(predicted);
  double total = 0;
  const auto start = std::chrono::steady_clock::now();
  for (size_t at = 0; at < predicted;) {
    RWKV_ASSIGN(const Session::Rows rows, session->advance(&tokens[at], predicted - at, choice));
    for (size_t i = 0; i < rows.tokens; ++i) {
      const double nll =
          negative_log_likelihood(rows.logits + i * vocabulary, vocabulary, tokens[at + i + 1]);
      if (!std::isfinite(nll)) {
        return session->explain(
            input_error("eval/not-finite", "the logits after token " + std::to_string(at + i) +
                                               " are not finite: the model overflows on this "
                                               "backend"));
      }
      each[at + i] = static_cast<float>(nll);
      total += nll;
    }
    at += rows.tokens;
  }
  if (flags.has("--nll-out")) {
    RWKV_TRY(write_file(flags.text("--nll-out"), each.data(), each.size() * sizeof(float)));
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double mean = total / static_cast<double>(predicted);
  report.member("tokens", static_cast<uint64_t>(tokens.size())).member("nll", mean);
  TokenStream stream(*tokenizer, true);
  size_t bytes = 0;
  for (size_t i = 1; i < tokens.size(); ++i) bytes += stream.bytes(tokens[i]).size();
  report.member("bytes", static_cast<uint64_t>(bytes));
  report.member("bitsPerByte", total / std::log(2.0) / static_cast<double>(bytes));
  report.member("perplexity", std::exp(mean));
  report.member("seconds", seconds);
  report_session(report, flags, *session);
  return Done{};
}

}  // namespace

Mode eval_mode() {
  return {{"eval", "report how well the model predicts a text",
           session_flags(
               {{"--text", "FILE", "text to predict"},
                {"--limit", "N", "read at most N tokens"},
                {"--nll-out", "FILE", "float32 nats of each predicted token"},
                {"--tokenizer", "NAME", "bytes, abc or a vocabulary file; default: the artefact's"},
                {"--graph", "KIND", "auto (default), decode or prefill"}})},
          &run_eval};
}

}  // namespace rwkv
