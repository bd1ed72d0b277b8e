#include "tokenizer/huggingface_tokenizer.h"

#include "tokenizer/byte_level.h"
#include "tokenizer/unicode.h"

namespace rwkv {
namespace {

/// Calls `plain` with the texts between added tokens, and appends the added tokens: at each place
/// the longest one.
template <typename Plain>
Status split_off(const VocabularyTrie& added, std::string_view text, std::vector<int32_t>& tokens,
                 const Plain& plain) {
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const VocabularyTrie::Match match = added.longest(text.substr(at));
    if (match.length == 0) {
      ++at;
      continue;
    }
    if (at > begin) RWKV_TRY(plain(text.substr(begin, at - begin)));
    tokens.push_back(match.token);
    begin = at += match.length;
  }
  if (begin < text.size()) RWKV_TRY(plain(text.substr(begin)));
  return Done{};
}

}  // namespace

std::vector<std::string_view> HuggingFaceTokenizer::split_whitespace(std::string_view text) {
  std::vector<std::string_view> pieces;
  size_t begin = 0, at = 0;
  const auto end_piece = [&] {
    if (at > begin) pieces.push_back(text.substr(begin, at - begin));
  };
  while (at < text.size()) {
    const Utf8Step step = utf8_step(text.substr(at));
    const bool space =
        step.kind == Utf8Step::Kind::kValid &&
        character_class(utf8_code(text.substr(at, step.length))) == CharacterClass::kSpace;
    if (space) end_piece();
    at += step.length;
    if (space) begin = at;
  }
  end_piece();
  return pieces;
}

std::string HuggingFaceTokenizer::normalize(const std::vector<Normalizer>& normalizers,
                                            std::string text) {
  for (const Normalizer normalizer : normalizers) {
    text = normalizer == Normalizer::kNfc ? to_nfc(text) : to_lowercase(text);
  }
  return text;
}

Result<std::vector<int32_t>> HuggingFaceTokenizer::encode(std::string_view text) const {
  std::vector<int32_t> tokens;
  RWKV_TRY(split_off(parts_.raw_tokens, text, tokens, [&](std::string_view part) -> Status {
    return encode_normalized(normalize(parts_.normalizers, std::string(part)), tokens);
  }));
  return tokens;
}

Status HuggingFaceTokenizer::encode_normalized(std::string_view text,
                                               std::vector<int32_t>& tokens) const {
  return split_off(parts_.normalized_tokens, text, tokens,
                   [&](std::string_view part) { return encode_plain(part, tokens); });
}

Status HuggingFaceTokenizer::encode_plain(std::string_view text,
                                          std::vector<int32_t>& tokens) const {
  std::string spaced;
  if (parts_.adds_space && text[0] != ' ') {
    spaced = " " + std::string(text);
    text = spaced;
  }
  std::vector<std::string_view> pieces = {text};
  if (parts_.splitter == Splitter::kByteLevel) pieces = split_byte_level(text);
  if (parts_.splitter == Splitter::kWhitespace) pieces = split_whitespace(text);
  for (const std::string_view piece : pieces) RWKV_TRY(parts_.model->append(piece, tokens));
  return Done{};
}

std::string HuggingFaceTokenizer::decode(int32_t token) const {
  const auto found = parts_.tokens.find(token);
  return found != parts_.tokens.end() ? found->second : "";
}

}  // namespace rwkv
