#include "files.h"
#include "run_modes.h"
#include "session_flags.h"

namespace rwkv {
namespace {

/// Without an artefact, `--tokenizer` for a model of `--vocabulary` ids: how a build checks a file.
Result<OpenedTokenizer> tokenizer_of_flags(const Flags& flags) {
  if (flags.has("--artefact")) {
    const std::string artefact = flags.text("--artefact");
    RWKV_ASSIGN(const Manifest manifest, read_manifest(artefact));
    OpenedTokenizer opened;
    opened.kind = manifest.tokenizer.kind;
    RWKV_ASSIGN(opened.tokenizer, session_tokenizer(flags, manifest));
    return opened;
  }
  RWKV_ASSIGN(const std::string name, flags.required("--tokenizer"));
  RWKV_ASSIGN(const uint64_t vocabulary, flags.count("--vocabulary", 0, INT32_MAX));
  if (vocabulary == 0) {
    return usage_error("usage/tokenize", "one of --artefact and --vocabulary is needed");
  }
  return open_tokenizer(name, vocabulary);
}

Status run_tokenize(const Flags& flags, JsonWriter& report, Console& console) {
  RWKV_ASSIGN(const uint64_t limit, flags.count("--limit", UINT64_MAX, UINT64_MAX));
  RWKV_ASSIGN(const OpenedTokenizer opened, tokenizer_of_flags(flags));
  report.member("kind", opened.kind).member("entries", opened.tokenizer->size());
  if (!flags.has("--text")) return Done{};
  RWKV_ASSIGN(const std::string text, read_file(flags.text("--text")));
  RWKV_ASSIGN(std::vector<int32_t> tokens, encode_from_start(*opened.tokenizer, text));
  if (tokens.size() > limit) tokens.resize(limit);
  std::string ids;
  for (const int32_t token : tokens) ids += std::to_string(token) + '\n';
  report.member("tokens", static_cast<uint64_t>(tokens.size()));
  if (flags.has("--out")) return write_file(flags.text("--out"), ids);
  console.write(ids);
  return Done{};
}

}  // namespace

Mode tokenize_mode() {
  return {{"tokenize",
           "write the token ids of a text, one a line; without --text, check the tokenizer",
           {{"--artefact", "FOLDER", "whose tokenizer and vocabulary it is"},
            {"--vocabulary", "N", "without an artefact: the model's number of ids"},
            {"--tokenizer", "NAME", "bytes, abc or a vocabulary file; default: the artefact's"},
            {"--text", "FILE", "text to read"},
            {"--limit", "N", "write at most N ids"},
            {"--out", "FILE", "where the ids go; default: standard output"},
            {"--report", "FILE", "write a JSON report"}}},
          &run_tokenize};
}

}  // namespace rwkv
