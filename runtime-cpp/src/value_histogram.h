#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rwkv {

/// The distribution of a tensor's values, gathered in one pass in memory that is known before: bins
/// of equal width around 0, a power of two wide, which double when a value lies beyond them. The
/// same values in the same order give the same counts.
struct ValueHistogram {
  static constexpr int kBins = 2048;

  float low = 0;  ///< of the finite values, as `high`
  float high = 0;
  uint64_t finite = 0;
  uint64_t not_finite = 0;
  /// Of the finite values, those that are 0 (of either sign); they are in the bins too.
  uint64_t zeros = 0;
  /// Bin i holds [(i - kBins / 2) * 2^exponent, that + 2^exponent), to a rounding in float32.
  int32_t exponent = kSmallest;
  std::array<uint64_t, kBins> bins{};

  void add(const float* values, size_t count);

 private:
  /// Bins as wide as the smallest normal float32: the first value decides.
  static constexpr int32_t kSmallest = -126;
  void add_finite(const float* values, size_t count, float least, float most);
  void grow(float magnitude);
};

}  // namespace rwkv
