#include "value_histogram.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace rwkv {
namespace {

/// Integers that order as the floats do: a loop over them is vectorised, one over floats is not.
int32_t order_of(float value) {
  int32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits ^ ((bits >> 31) & 0x7fffffff);
}

float value_of(int32_t order) {
  const int32_t bits = order ^ ((order >> 31) & 0x7fffffff);
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

constexpr size_t kChunk = 256;

}  // namespace

void ValueHistogram::add(const float* values, size_t count) {
  if (count == 0) return;
  int32_t least = INT32_MAX, most = INT32_MIN;
  for (size_t i = 0; i < count; ++i) {
    const int32_t order = order_of(values[i]);
    least = std::min(least, order);
    most = std::max(most, order);
  }
  // NaN orders beyond infinity.
  if (least > order_of(-INFINITY) && most < order_of(INFINITY)) {
    return add_finite(values, count, value_of(least), value_of(most));
  }
  for (size_t i = 0; i < count; ++i) {
    if (std::isfinite(values[i])) {
      add_finite(&values[i], 1, values[i], values[i]);
    } else {
      ++not_finite;
    }
  }
}

void ValueHistogram::add_finite(const float* values, size_t count, float least, float most) {
  low = finite == 0 ? least : std::min(low, least);
  high = finite == 0 ? most : std::max(high, most);
  grow(std::max(std::fabs(least), std::fabs(most)));
  finite += count;

  const float inverse = std::ldexp(1.0f, -exponent);
  int32_t places[kChunk];
  for (size_t at = 0; at < count; at += kChunk) {
    const size_t some = std::min(kChunk, count - at);
    int32_t none = 0;
    for (size_t i = 0; i < some; ++i) {
      // Above 0, so that cutting the fraction off rounds down.
      places[i] = static_cast<int32_t>(values[at + i] * inverse + kBins / 2);
      none += values[at + i] == 0;
    }
    zeros += static_cast<uint64_t>(none);
    // A value just below the upper end may be rounded onto it.
    for (size_t i = 0; i < some; ++i) ++bins[static_cast<size_t>(std::min(places[i], kBins - 1))];
  }
}

void ValueHistogram::grow(float magnitude) {
  int power = 0;
  std::frexp(magnitude, &power);
  // magnitude < 2^power = (kBins / 2) * 2^(power - 10)
  const int32_t wanted = magnitude == 0 ? kSmallest : std::max(power - 10, kSmallest);
  for (; exponent < wanted; ++exponent) {
    // Two neighbours become one, counted from the middle: an even number of bins on either side.
    if (finite == zeros) continue;
    std::array<uint64_t, kBins> merged{};
    for (size_t i = 0; i < kBins; i += 2) merged[kBins / 4 + i / 2] = bins[i] + bins[i + 1];
    bins = merged;
  }
}

}  // namespace rwkv
