#include "float16.h"

#include <cmath>
#include <cstring>

namespace qnn_host {
namespace {

constexpr uint16_t kSign = 0x8000;
constexpr uint16_t kInfinity = 0x7C00;
constexpr uint16_t kQuietNan = 0x7E00;
constexpr uint16_t kLargest = 0x7FFF;  ///< of the extended range: 131008

uint16_t sign_of(double value) {
  return std::signbit(value) ? kSign : 0;
}

/// A magnitude in units of its last place, and the exponent field that goes with it: bits = base +
/// the rounded units. A carry out of the units (2048) leads to the next exponent by itself.
struct Units {
  double units;
  uint32_t base;
};

Units units_of(double magnitude) {
  const int exponent = magnitude < 0x1p-14 ? -14 : std::ilogb(magnitude);
  return {std::ldexp(magnitude, 10 - exponent), static_cast<uint32_t>(exponent + 14) << 10};
}

}  // namespace

double extended_value(uint16_t half) {
  const uint64_t exponent = half >> 10 & 0x1F;
  const uint64_t mantissa = half & 0x3FF;
  if (exponent == 0) {
    const double magnitude = static_cast<double>(mantissa) * 0x1p-24;
    return (half & kSign) != 0 ? -magnitude : magnitude;
  }
  const uint64_t sign = static_cast<uint64_t>(half & kSign) << 48;
  const uint64_t bits = sign | (exponent + 1008) << 52 | mantissa << 42;
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

double ieee_value(uint16_t half) {
  if ((half & kInfinity) != kInfinity) return extended_value(half);
  const double magnitude = (half & 0x3FF) != 0 ? static_cast<double>(NAN) : HUGE_VAL;
  return (half & kSign) != 0 ? -magnitude : magnitude;
}

uint16_t ieee_half(double value) {
  const uint16_t sign = sign_of(value);
  if (std::isnan(value)) return sign | kQuietNan;
  const double magnitude = std::fabs(value);
  // 65520 lies half way between the largest finite value and the next step.
  if (magnitude >= 65520.0) return sign | kInfinity;
  const Units exact = units_of(magnitude);
  const double below = std::floor(exact.units);
  const double rest = exact.units - below;
  uint32_t rounded = static_cast<uint32_t>(below);
  if (rest > 0.5 || (rest == 0.5 && rounded % 2 == 1)) ++rounded;
  return static_cast<uint16_t>(sign | (exact.base + rounded));
}

uint16_t extended_half(double value) {
  const uint16_t sign = sign_of(value);
  const double magnitude = std::fabs(value);
  if (!(magnitude < extended_value(kLargest))) return sign | kLargest;
  const Units exact = units_of(magnitude);
  return static_cast<uint16_t>(sign |
                               (exact.base + static_cast<uint32_t>(std::round(exact.units))));
}

}  // namespace qnn_host
