#include "tokenizer/vocabulary_trie.h"

#include <cstring>

namespace rwkv {
namespace {

/// The entries that go through one node.
struct NodeEntries {
  uint32_t begin;
  uint32_t end;
};

}  // namespace

VocabularyTrie::VocabularyTrie(const std::vector<VocabularyEntry>& entries) {
  std::vector<NodeEntries> level = {{0, static_cast<uint32_t>(entries.size())}};
  labels_.push_back(0);
  for (size_t depth = 0; !level.empty(); ++depth) {
    std::vector<NodeEntries> next;
    for (auto [begin, end] : level) {
      const bool ends = begin < end && entries[begin].bytes.size() == depth;
      tokens_.push_back(ends ? entries[begin].token : -1);
      if (ends) ++begin;
      first_child_.push_back(static_cast<uint32_t>(labels_.size()));
      while (begin < end) {
        const char label = entries[begin].bytes[depth];
        const uint32_t child = begin;
        while (begin < end && entries[begin].bytes[depth] == label) ++begin;
        labels_.push_back(static_cast<uint8_t>(label));
        next.push_back({child, begin});
      }
    }
    level = std::move(next);
  }
  first_child_.push_back(static_cast<uint32_t>(labels_.size()));
}

VocabularyTrie::Match VocabularyTrie::longest(std::string_view text) const {
  Match match;
  if (tokens_.empty()) return match;
  size_t node = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const uint32_t first = first_child_[node];
    const uint8_t* const labels = labels_.data() + first;
    const void* found =
        std::memchr(labels, static_cast<unsigned char>(text[i]), first_child_[node + 1] - first);
    if (found == nullptr) break;
    node = first + static_cast<size_t>(static_cast<const uint8_t*>(found) - labels);
    if (tokens_[node] >= 0) match = {i + 1, tokens_[node]};
  }
  return match;
}

}  // namespace rwkv
