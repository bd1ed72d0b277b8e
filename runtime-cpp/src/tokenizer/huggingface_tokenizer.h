#pragma once

#include <map>
#include <memory>

#include "tokenizer/piece_model.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocabulary_trie.h"

namespace rwkv {

/// The tokenizer that a `tokenizer.json` of HuggingFace's library describes, as far as RWKV models
/// use it: byte-level BPE (GPT-NeoX's, of the Pile models) and whole words (the MIDI models).
class HuggingFaceTokenizer final : public Tokenizer {
 public:
  /// Reads the file's text. Errors name the place in it; a component that is not supported is an
  /// error that names it. `vocabulary`: ids of the model.
  static Result<std::unique_ptr<Tokenizer>> parse(std::string_view text, const std::string& source,
                                                  uint64_t vocabulary);

  Result<std::vector<int32_t>> encode(std::string_view text) const override;
  std::string decode(int32_t token) const override;
  std::string_view separator() const override { return parts_.separator; }
  /// Id 0, where it is a special token: so all RWKV models end a text.
  std::optional<int32_t> end_of_text() const override { return parts_.end_of_text; }
  uint64_t size() const override { return parts_.tokens.size(); }

  enum class Normalizer { kNfc, kLowercase };
  enum class Splitter { kNone, kByteLevel, kWhitespace };

  struct Parts {
    /// Tokens that are found in the text as it is, and those found after it was normalized.
    VocabularyTrie raw_tokens;
    VocabularyTrie normalized_tokens;
    std::vector<Normalizer> normalizers;
    Splitter splitter = Splitter::kNone;
    /// A space is put before each text between added tokens, if it has none.
    bool adds_space = false;
    std::unique_ptr<PieceModel> model;
    /// Text by id; "" for special tokens.
    std::map<int32_t, std::string> tokens;
    std::string_view separator;
    std::optional<int32_t> end_of_text;
  };
  explicit HuggingFaceTokenizer(Parts parts) : parts_(std::move(parts)) {}

  /// The pieces between white space.
  static std::vector<std::string_view> split_whitespace(std::string_view text);
  static std::string normalize(const std::vector<Normalizer>& normalizers, std::string text);

 private:
  Status encode_normalized(std::string_view text, std::vector<int32_t>& tokens) const;
  Status encode_plain(std::string_view text, std::vector<int32_t>& tokens) const;

  Parts parts_;
};

}  // namespace rwkv
