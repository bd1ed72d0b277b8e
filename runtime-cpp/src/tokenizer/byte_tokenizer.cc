#include "tokenizer/byte_tokenizer.h"

namespace rwkv {

Result<std::vector<int32_t>> ByteTokenizer::encode(std::string_view text) const {
  std::vector<int32_t> tokens;
  tokens.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const int32_t token = static_cast<unsigned char>(text[i]);
    if (static_cast<uint64_t>(token) >= vocabulary_) {
      return input_error("tokenizer/outside-vocabulary",
                         "byte " + std::to_string(token) + " at position " + std::to_string(i) +
                             " of the text is outside the vocabulary of " +
                             std::to_string(vocabulary_) + " tokens");
    }
    tokens.push_back(token);
  }
  return tokens;
}

std::string ByteTokenizer::decode(int32_t token) const {
  if (token < 0 || token > 255) return "";
  return std::string(1, static_cast<char>(token));
}

}  // namespace rwkv
