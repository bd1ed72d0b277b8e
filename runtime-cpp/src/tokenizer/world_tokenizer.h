#pragma once

#include <memory>

#include "tokenizer/tokenizer.h"
#include "tokenizer/vocabulary_trie.h"

namespace rwkv {

/// RWKV's "world" tokenizer: at each place of the text the longest token that fits. Id 0 ends a
/// text.
class WorldTokenizer final : public Tokenizer {
 public:
  /// Reads a vocabulary as published (`rwkv_vocab_v20230424.txt` and its `b_` form): a line for
  /// each token, `ID LITERAL LENGTH`, where LITERAL is a Python string or bytes literal and LENGTH
  /// its bytes in UTF-8. Ids may be left out and stand in any order. `source` names the file in
  /// errors, `source:line: what`. `vocabulary`: ids of the model.
  static Result<std::unique_ptr<Tokenizer>> parse(std::string_view text, const std::string& source,
                                                  uint64_t vocabulary);

  Result<std::vector<int32_t>> encode(std::string_view text) const override;
  std::string decode(int32_t token) const override;
  std::optional<int32_t> end_of_text() const override { return 0; }
  uint64_t size() const override { return tokens_.size(); }

 private:
  /// Where a token's bytes stand in `bytes_`.
  struct Token {
    int32_t id;
    uint32_t line;
    uint32_t begin;
    uint32_t length;
  };

  WorldTokenizer() = default;
  Status read_line(std::string_view line, uint32_t number, uint64_t vocabulary);
  /// Errors: an id or a token twice.
  Status index();
  std::string_view bytes_of(const Token& token) const {
    return std::string_view(bytes_).substr(token.begin, token.length);
  }

  std::string bytes_;
  /// Sorted by id.
  std::vector<Token> tokens_;
  VocabularyTrie trie_;
};

}  // namespace rwkv
