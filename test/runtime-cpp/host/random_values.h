#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "numerics/float16.h"

namespace qnn_host {

/// float16 numbers, normally distributed; the same for the same seed.
inline std::vector<double> random_halves(size_t count, uint32_t seed, double scale = 1.0) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0.0, scale);
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) values.push_back(ieee_value(ieee_half(normal(random))));
  return values;
}

/// Any patterns at all: subnormals, infinities, NaNs.
inline std::vector<uint16_t> random_bits(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint16_t> bits;
  for (size_t i = 0; i < count; ++i) bits.push_back(static_cast<uint16_t>(random()));
  return bits;
}

}  // namespace qnn_host
