#pragma once

#include <algorithm>

#include "tokenizer/tokenizer.h"

namespace rwkv {

/// A token is a byte: id 0x41 is "A". Ids of 256 and above, which models with larger vocabularies
/// have, stand for nothing that can be printed.
class ByteTokenizer final : public Tokenizer {
 public:
  /// `vocabulary` below 256 leaves some bytes without a token.
  explicit ByteTokenizer(uint64_t vocabulary) : vocabulary_(vocabulary) {}

  Result<std::vector<int32_t>> encode(std::string_view text) const override;
  std::string decode(int32_t token) const override;
  uint64_t size() const override { return std::min<uint64_t>(vocabulary_, 256); }

 private:
  uint64_t vocabulary_;
};

}  // namespace rwkv
