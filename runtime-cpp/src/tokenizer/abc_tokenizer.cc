#include "tokenizer/abc_tokenizer.h"

namespace rwkv {

Result<std::vector<int32_t>> AbcTokenizer::encode(std::string_view text) const {
  std::vector<int32_t> tokens;
  tokens.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text.substr(at));
    if (step.kind != Utf8Step::Kind::kValid) {
      return input_error("tokenizer/no-token", "the bytes at position " + std::to_string(at) +
                                                   " of the text are no character of UTF-8");
    }
    const uint32_t code = utf8_code(text.substr(at, step.length));
    if (code >= vocabulary_) {
      return input_error("tokenizer/no-token",
                         "the character \"" + std::string(text.substr(at, step.length)) +
                             "\" at position " + std::to_string(at) +
                             " of the text has no token: ids are code points below " +
                             std::to_string(vocabulary_));
    }
    tokens.push_back(static_cast<int32_t>(code));
    at += step.length;
  }
  return tokens;
}

std::string AbcTokenizer::decode(int32_t token) const {
  std::string text;
  const bool surrogate = token >= 0xD800 && token <= 0xDFFF;
  if (token > 3 && static_cast<uint64_t>(token) < size() && !surrogate) {
    append_utf8(text, static_cast<uint32_t>(token));
  }
  return text;
}

}  // namespace rwkv
