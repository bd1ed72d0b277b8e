#pragma once

#include <cstdint>
#include <map>

namespace qnn_host {

/// Offsets in a block of memory that is yet to be allocated: the smallest gap that fits, else the
/// end.
class Arena {
 public:
  /// Cache lines, so that values do not share them and vectors do not straddle them.
  static constexpr uint64_t kAlignment = 64;

  uint64_t take(uint64_t bytes) {
    bytes = padded(bytes);
    auto best = gaps_.end();
    for (auto gap = gaps_.begin(); gap != gaps_.end(); ++gap) {
      if (gap->second >= bytes && (best == gaps_.end() || gap->second < best->second)) best = gap;
    }
    if (best == gaps_.end()) return extend(bytes);
    const uint64_t offset = best->first, left = best->second - bytes;
    gaps_.erase(best);
    if (left != 0) gaps_.emplace(offset + bytes, left);
    return offset;
  }

  void give_back(uint64_t offset, uint64_t bytes) {
    bytes = padded(bytes);
    auto next = gaps_.lower_bound(offset);
    if (next != gaps_.end() && offset + bytes == next->first) {
      bytes += next->second;
      next = gaps_.erase(next);
    }
    if (next != gaps_.begin()) {
      auto before = std::prev(next);
      if (before->first + before->second == offset) {
        before->second += bytes;
        return;
      }
    }
    gaps_.emplace(offset, bytes);
  }

  uint64_t size() const { return size_; }

 private:
  static uint64_t padded(uint64_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

  /// A gap at the end grows to what is needed.
  uint64_t extend(uint64_t bytes) {
    if (!gaps_.empty()) {
      const auto last = std::prev(gaps_.end());
      if (last->first + last->second == size_) {
        const uint64_t offset = last->first;
        gaps_.erase(last);
        size_ = offset + bytes;
        return offset;
      }
    }
    const uint64_t offset = size_;
    size_ += bytes;
    return offset;
  }

  std::map<uint64_t, uint64_t> gaps_;  ///< by offset: bytes
  uint64_t size_ = 0;
};

}  // namespace qnn_host
