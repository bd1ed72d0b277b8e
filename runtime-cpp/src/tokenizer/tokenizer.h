#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "result.h"
#include "utf8.h"

namespace rwkv {

/// Text to token ids and back. Text is bytes: what is not UTF-8 comes back as it went in, where the
/// vocabulary has tokens for all bytes.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// An error names what of the text has no token, and where.
  virtual Result<std::vector<int32_t>> encode(std::string_view text) const = 0;

  /// Bytes of one token; none for an id that stands for no text. A token may begin or end inside a
  /// UTF-8 sequence.
  virtual std::string decode(int32_t token) const = 0;

  /// What stands in a text between the bytes of one token and the next.
  virtual std::string_view separator() const { return {}; }

  /// The id that training texts begin with, if they do.
  virtual std::optional<int32_t> begin_of_text() const { return std::nullopt; }

  /// The id by which a model says that its text is over.
  virtual std::optional<int32_t> end_of_text() const { return std::nullopt; }

  /// How many ids stand for text.
  virtual uint64_t size() const = 0;
};

/// The ids of a text that a model reads from its initial state: `encode`, after the id that texts
/// begin with unless the text has it already.
Result<std::vector<int32_t>> encode_from_start(const Tokenizer& tokenizer, std::string_view text);

/// The text of tokens as they come, in whole UTF-8 sequences.
class TokenStream {
 public:
  /// `continues`: other tokens stand before the first.
  TokenStream(const Tokenizer& tokenizer, bool continues)
      : tokenizer_(tokenizer), continues_(continues) {}

  /// The bytes of the next token, with the separator where it belongs.
  std::string bytes(int32_t token);
  /// The text that the next token completes.
  std::string push(int32_t token) { return utf8_.push(bytes(token)); }
  /// What is left at the end: U+FFFD for a sequence cut short, otherwise nothing.
  std::string finish() { return utf8_.finish(); }

 private:
  const Tokenizer& tokenizer_;
  bool continues_;
  Utf8Stream utf8_;
};

}  // namespace rwkv
