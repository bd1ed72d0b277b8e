#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "result.h"

namespace rwkv {

/// Text to tokens and back, where a token is a byte: id 0x41 is "A". Ids of 256 and above, which
/// models with larger vocabularies have, stand for nothing that can be printed and decode to
/// nothing.
class ByteTokenizer {
 public:
  /// `vocabulary` below 256 leaves some bytes without a token.
  explicit ByteTokenizer(uint64_t vocabulary) : vocabulary_(vocabulary) {}

  /// An error names the first byte that the vocabulary does not hold.
  Result<std::vector<int32_t>> encode(std::string_view text) const;

  /// Bytes of one token: one, or none.
  std::string decode(int32_t token) const;

 private:
  uint64_t vocabulary_;
};

}  // namespace rwkv
