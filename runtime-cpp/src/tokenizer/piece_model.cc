#include "tokenizer/piece_model.h"

#include <queue>

#include "json.h"

namespace rwkv {
namespace {

/// A token within a piece, and its neighbours; -1: none. A merged one has token -1.
struct PieceSymbol {
  int32_t token;
  int32_t before;
  int32_t after;
};

struct MergeCandidate {
  uint32_t rank;
  int32_t left;  ///< place of the left symbol
  int32_t token;

  /// The queue's top is the greatest: the lowest rank, and of these the leftmost.
  bool operator<(const MergeCandidate& other) const {
    return rank != other.rank ? rank > other.rank : left > other.left;
  }
};

}  // namespace

Status WordLevelModel::append(std::string_view piece, std::vector<int32_t>& tokens) const {
  const auto found = words_.find(std::string(piece));
  const int32_t token = found != words_.end() ? found->second : unknown_;
  if (token < 0) {
    return input_error("tokenizer/no-token", "the vocabulary has no token for " +
                                                 quote_json(piece.substr(0, 60)) +
                                                 ", and none for unknown words");
  }
  tokens.push_back(token);
  return Done{};
}

const BytePairModel::Merge* BytePairModel::find(int32_t left, int32_t right) const {
  const auto found = merges_.find(pair_of(left, right));
  return found != merges_.end() ? &found->second : nullptr;
}

Status BytePairModel::append(std::string_view piece, std::vector<int32_t>& tokens) const {
  std::vector<PieceSymbol> symbols;
  symbols.reserve(piece.size());
  for (size_t i = 0; i < piece.size(); ++i) {
    const int32_t token = bytes_[static_cast<unsigned char>(piece[i])];
    if (token < 0) {
      return input_error("tokenizer/no-token",
                         "the vocabulary has no token for byte " +
                             std::to_string(static_cast<unsigned char>(piece[i])) + ", in " +
                             quote_json(piece.substr(0, 60)));
    }
    const int32_t at = static_cast<int32_t>(i);
    symbols.push_back({token, at - 1, i + 1 < piece.size() ? at + 1 : -1});
  }
  std::priority_queue<MergeCandidate> queue;
  const auto consider = [&](int32_t left) {
    if (left < 0 || symbols[static_cast<size_t>(left)].after < 0) return;
    const PieceSymbol& symbol = symbols[static_cast<size_t>(left)];
    const Merge* merge = find(symbol.token, symbols[static_cast<size_t>(symbol.after)].token);
    if (merge != nullptr) queue.push({merge->rank, left, merge->token});
  };
  for (size_t i = 0; i < symbols.size(); ++i) consider(static_cast<int32_t>(i));
  while (!queue.empty()) {
    const MergeCandidate top = queue.top();
    queue.pop();
    PieceSymbol& left = symbols[static_cast<size_t>(top.left)];
    if (left.token < 0 || left.after < 0) continue;
    PieceSymbol& right = symbols[static_cast<size_t>(left.after)];
    // One of the two may have become part of another merge since.
    const Merge* merge = find(left.token, right.token);
    if (merge == nullptr || merge->token != top.token) continue;
    left.token = top.token;
    left.after = right.after;
    right.token = -1;
    if (left.after >= 0) symbols[static_cast<size_t>(left.after)].before = top.left;
    consider(left.before);
    consider(top.left);
  }
  for (const PieceSymbol& symbol : symbols) {
    if (symbol.token >= 0) tokens.push_back(symbol.token);
  }
  return Done{};
}

}  // namespace rwkv
