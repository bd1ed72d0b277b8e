#pragma once

#include <algorithm>

#include "tokenizer/tokenizer.h"

namespace rwkv {

/// The tokenizer of the RWKV ABC models, which write music in ABC notation: an id is a character's
/// code point. Texts begin with id 2 and end with id 3; ids up to 3 are no text.
class AbcTokenizer final : public Tokenizer {
 public:
  explicit AbcTokenizer(uint64_t vocabulary) : vocabulary_(vocabulary) {}

  /// An error names the first character that the vocabulary does not hold.
  Result<std::vector<int32_t>> encode(std::string_view text) const override;
  std::string decode(int32_t token) const override;
  std::optional<int32_t> begin_of_text() const override { return 2; }
  std::optional<int32_t> end_of_text() const override { return 3; }
  uint64_t size() const override { return std::min<uint64_t>(vocabulary_, 0x110000); }

 private:
  uint64_t vocabulary_;
};

}  // namespace rwkv
