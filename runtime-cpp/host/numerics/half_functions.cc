#include "half_functions.h"

#include <algorithm>
#include <cmath>

namespace qnn_host {
namespace {

constexpr double kLargest = 131008.0;

}  // namespace

double half_reciprocal(double x) {
  const double magnitude = std::fabs(x);
  double result = 65504.0;
  if (magnitude > 16384.0) {
    result = 0.0;
  } else if (magnitude > 0x1p-16) {
    const int exponent = std::ilogb(1.0 / magnitude);
    // 0.08 of a unit: where the device's cut falls, on the average over all significands.
    const double units = std::ldexp(1.0 / magnitude, 10 - exponent);
    result = std::min(std::ldexp(std::floor(units + 0.08), exponent - 10), 65504.0);
  }
  return std::copysign(result, x);
}

double half_exp(double x) {
  const double power = x * 1.4426950408889634;  // 1 / ln 2: exp(x) = 2^power
  const double whole = std::floor(power);
  // float32's exponent field and, above it, its sign.
  const int field = static_cast<int>(whole) + 127;
  const double sign = (field & 256) != 0 ? -1.0 : 1.0;
  return sign * std::ldexp(std::exp2(power - whole), (field & 255) - 127);
}

double half_log(double x) {
  if (x == 0.0) return -7.625;
  if (x < 0.0) return kLargest;
  return std::log(x >= 65536.0 ? x * 0x1p-17 : x);
}

double half_square_root(double x) {
  return x < 0.0 ? -kLargest : std::sqrt(x);
}

double half_rsqrt(double x) {
  if (x == 0.0) return std::signbit(x) ? -12856.0 * 0x1p-16 : 12856.0;
  return x < 0.0 ? kLargest : 1.0 / std::sqrt(x);
}

double half_relu(double x) {
  return x > 0.0 ? std::min(x, 65536.0) : 0.0;
}

}  // namespace qnn_host
