#include <cstdio>
#include <cstring>

#include "run_modes.h"
#include "session_flags.h"

namespace rwkv {
namespace {

Result<std::vector<int32_t>> read_tokens(const std::string& path) {
  RWKV_ASSIGN(const std::string text, read_file(path));
  std::vector<int32_t> tokens;
  constexpr char kSpace[] = " \t\r\n\f\v";
  for (size_t at = text.find_first_not_of(kSpace); at != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    uint64_t token = 0;
    if (!parse_count(text.substr(at, end - at), INT32_MAX, token)) {
      return input_error("token/malformed",
                         path + ": \"" + text.substr(at, std::min<size_t>(end - at, 20)) +
                             "\", word " + std::to_string(tokens.size() + 1) + ", is no token id");
    }
    tokens.push_back(static_cast<int32_t>(token));
    at = text.find_first_not_of(kSpace, end);
  }
  if (tokens.empty()) return input_error("token/none", path + " has no token ids");
  return tokens;
}

Status run_logits(const Flags& flags, JsonWriter& report, Console&) {
  RWKV_ASSIGN(const std::string tokens_path, flags.required("--tokens"));
  RWKV_ASSIGN(const std::string out, flags.required("--out"));
  RWKV_ASSIGN(const std::vector<int32_t> tokens, read_tokens(tokens_path));
  RWKV_ASSIGN(const GraphChoice choice, graph_choice(flags));
  RWKV_ASSIGN(const std::unique_ptr<Session> session, open_session(flags));
  RWKV_TRY(session->check_tokens(tokens.data(), tokens.size()));

  const size_t row = session->manifest().vocabulary;
  RWKV_ASSIGN(FileWriter file, FileWriter::create(out));
  for (size_t at = 0; at < tokens.size();) {
    RWKV_ASSIGN(const Session::Rows rows,
                session->advance(&tokens[at], tokens.size() - at, choice));
    RWKV_TRY(file.write(rows.logits, rows.tokens * row * sizeof(float)));
    at += rows.tokens;
  }
  RWKV_TRY(file.finish());
  if (flags.has("--state-out")) {
    std::vector<float> state(session->state_values());
    session->get_state(state.data());
    RWKV_TRY(write_file(flags.text("--state-out"), state.data(), state.size() * sizeof(float)));
  }
  report.member("tokens", static_cast<uint64_t>(tokens.size()));
  report.member("vocabulary", static_cast<uint64_t>(row));
  report_session(report, flags, *session);
  return Done{};
}

}  // namespace

Mode logits_mode() {
  return {{"logits", "write the logits after each of the given tokens",
           session_flags(
               {{"--tokens", "FILE", "token ids separated by white space"},
                {"--out", "FILE", "float32, little endian, [tokens, vocabulary]"},
                {"--state-out", "FILE", "float32 state after the last token, in the spec's order"},
                {"--graph", "KIND", "auto (default), decode or prefill"}})},
          &run_logits};
}

}  // namespace rwkv
