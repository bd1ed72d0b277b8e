#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "result.h"

namespace rwkv {

/// Turns one piece of a text into tokens.
class PieceModel {
 public:
  virtual ~PieceModel() = default;
  virtual Status append(std::string_view piece, std::vector<int32_t>& tokens) const = 0;
};

/// A token for each piece, or the one for unknown pieces.
class WordLevelModel final : public PieceModel {
 public:
  /// `unknown` is -1 when there is none: a piece without a token is an error then, which names it.
  WordLevelModel(std::unordered_map<std::string, int32_t> words, int32_t unknown)
      : words_(std::move(words)), unknown_(unknown) {}
  Status append(std::string_view piece, std::vector<int32_t>& tokens) const override;

 private:
  std::unordered_map<std::string, int32_t> words_;
  int32_t unknown_;
};

/// Byte-pair encoding: the bytes' tokens, and pairs of neighbours merged, the pair of the lowest
/// rank first, of several the leftmost.
class BytePairModel final : public PieceModel {
 public:
  struct Merge {
    uint32_t rank;
    int32_t token;
  };
  /// By the two tokens, the left one in the upper half.
  using Merges = std::unordered_map<uint64_t, Merge>;
  static uint64_t pair_of(int32_t left, int32_t right) {
    return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  }

  /// `bytes`: the token of each of the 256, or -1.
  BytePairModel(std::vector<int32_t> bytes, Merges merges)
      : bytes_(std::move(bytes)), merges_(std::move(merges)) {}
  /// Takes time n log n in the length of the piece.
  Status append(std::string_view piece, std::vector<int32_t>& tokens) const override;

 private:
  const Merge* find(int32_t left, int32_t right) const;

  std::vector<int32_t> bytes_;
  Merges merges_;
};

}  // namespace rwkv
