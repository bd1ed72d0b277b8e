#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace rwkv {

struct VocabularyEntry {
  std::string_view bytes;
  int32_t token = 0;
};

/// Finds the longest token at the beginning of a text. A trie in three flat arrays, level by level:
/// the children of a node stand side by side, those of the next node behind them. About 9 bytes a
/// node.
class VocabularyTrie {
 public:
  VocabularyTrie() = default;
  /// `entries` are sorted by their bytes, which are not empty and all different. The bytes are not
  /// needed afterwards.
  explicit VocabularyTrie(const std::vector<VocabularyEntry>& entries);

  struct Match {
    size_t length = 0;  ///< 0: no token fits
    int32_t token = -1;
  };
  Match longest(std::string_view text) const;

  size_t nodes() const { return tokens_.size(); }

 private:
  /// By node, node 0 the root: the byte that leads to it, its token or -1, its first child. One
  /// `first_child_` more marks the end.
  std::vector<uint8_t> labels_;
  std::vector<int32_t> tokens_;
  std::vector<uint32_t> first_child_;
};

}  // namespace rwkv
