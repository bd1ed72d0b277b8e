#include "run_modes.h"
#include "session_flags.h"
#include "token_file.h"

namespace rwkv {
namespace {

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
