#include "clock.h"
#include "files.h"
#include "run_modes.h"
#include "sampler.h"
#include "session_flags.h"

namespace rwkv {
namespace {

/// Per second, or 0 when the clock did not move.
double rate(size_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

Result<std::string> read_prompt(const Flags& flags) {
  if (flags.has("--prompt") == flags.has("--prompt-file")) {
    return usage_error("usage/prompt", "one of --prompt and --prompt-file is needed");
  }
  if (flags.has("--prompt")) return flags.text("--prompt");
  return read_file(flags.text("--prompt-file"));
}

Result<SamplerOptions> sampler_options(const Flags& flags) {
  SamplerOptions options;
  RWKV_ASSIGN(options.temperature, flags.number("--temperature", 0));
  // A temperature alone samples from the whole tail, which reads badly: 0.9 is what people mean.
  RWKV_ASSIGN(options.top_p, flags.number("--top-p", options.temperature > 0 ? 0.9 : 1));
  RWKV_ASSIGN(const uint64_t top_k, flags.count("--top-k", 0, UINT32_MAX));
  options.top_k = static_cast<uint32_t>(top_k);
  RWKV_ASSIGN(options.repetition_penalty, flags.number("--repetition-penalty", 1));
  RWKV_ASSIGN(options.seed, flags.count("--seed", 0, UINT64_MAX));
  return options;
}

struct Generated {
  std::string text;
  size_t tokens = 0;
  /// The model said that the text is over.
  bool ended = false;
  double seconds = 0;
};

/// Samples up to `most` tokens, or up to the one that ends the text, and writes their text as it
/// becomes whole characters.
Result<Generated> generate(Session& session, Sampler& sampler, const Tokenizer& tokenizer,
                           TokenStream& stream, size_t most, Console& console) {
  Generated result;
  bool reader = true;
  const auto emit = [&](const std::string& text) {
    result.text += text;
    reader = text.empty() || console.write(text);
  };
  const auto start = Clock::now();
  while (result.tokens < most && reader) {
    Result<int32_t> sampled = sampler.sample(session.logits(), session.manifest().vocabulary);
    if (!sampled.ok()) return session.explain(sampled.error());
    const int32_t token = sampled.value();
    sampler.observe(token);
    ++result.tokens;
    result.ended = token == tokenizer.end_of_text();
    if (result.ended) break;
    emit(stream.push(token));
    if (result.tokens == most) break;
    RWKV_TRY(session.eval(&token, 1));
  }
  if (reader) emit(stream.finish());
  result.seconds = seconds_since(start);
  return result;
}

Status run_generate(const Flags& flags, JsonWriter& report, Console& console) {
  RWKV_ASSIGN(const std::string prompt, read_prompt(flags));
  if (prompt.empty())
    return usage_error("usage/prompt", "the prompt is empty: a model needs a first token");
  RWKV_ASSIGN(const uint64_t most, flags.count("--tokens", 100, UINT32_MAX));
  RWKV_ASSIGN(const SamplerOptions options, sampler_options(flags));
  RWKV_ASSIGN(Sampler sampler, Sampler::create(options));
  RWKV_ASSIGN(const std::unique_ptr<Session> session, open_session(flags));
  RWKV_ASSIGN(const std::unique_ptr<Tokenizer> tokenizer,
              session_tokenizer(flags, session->manifest()));
  RWKV_ASSIGN(const std::vector<int32_t> tokens, encode_from_start(*tokenizer, prompt));

  if (flags.has("--echo")) console.write(prompt);
  const auto start = Clock::now();
  RWKV_TRY(session->eval(tokens.data(), tokens.size()));
  const double prefill_seconds = seconds_since(start);
  for (const int32_t token : tokens) sampler.observe(token);
  TokenStream stream(*tokenizer, true);
  RWKV_ASSIGN(const Generated result,
              generate(*session, sampler, *tokenizer, stream, most, console));

  report.member("tokens", static_cast<uint64_t>(result.tokens));
  report.member("promptTokens", static_cast<uint64_t>(tokens.size()));
  report.member("seconds", prefill_seconds + result.seconds);
  report.member("tokensPerSecond", rate(result.tokens, result.seconds));
  report.member("prefillTokensPerSecond", rate(tokens.size(), prefill_seconds));
  report.member("text", result.text).member("ended", result.ended);
  report_session(report, flags, *session);
  return Done{};
}

}  // namespace

Mode generate_mode() {
  return {{"generate", "write text after a prompt",
           session_flags(
               {{"--prompt", "TEXT", "text to go on from"},
                {"--prompt-file", "FILE", "the same from a file"},
                {"--tokens", "N", "how many tokens to write, default 100"},
                {"--temperature", "X", "0, the default, takes the most likely token"},
                {"--top-p", "X", "nucleus, default 0.9 with a temperature above 0"},
                {"--top-k", "N", "most tokens to choose from, default 0: all"},
                {"--repetition-penalty", "X", "above 1 disfavours tokens seen, default 1"},
                {"--seed", "N", "of the random numbers, default 0"},
                {"--tokenizer", "NAME", "bytes, abc or a vocabulary file; default: the artefact's"},
                {"--echo", nullptr, "write the prompt first"}})},
          &run_generate};
}

}  // namespace rwkv
