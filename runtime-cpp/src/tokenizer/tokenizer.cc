#include "tokenizer/tokenizer.h"

namespace rwkv {

Result<std::vector<int32_t>> encode_from_start(const Tokenizer& tokenizer, std::string_view text) {
  RWKV_ASSIGN(std::vector<int32_t> tokens, tokenizer.encode(text));
  const std::optional<int32_t> begin = tokenizer.begin_of_text();
  if (begin.has_value() && (tokens.empty() || tokens.front() != *begin)) {
    tokens.insert(tokens.begin(), *begin);
  }
  return tokens;
}

std::string TokenStream::bytes(int32_t token) {
  std::string text = tokenizer_.decode(token);
  if (text.empty()) return text;
  if (continues_) text.insert(0, tokenizer_.separator());
  continues_ = true;
  return text;
}

}  // namespace rwkv
