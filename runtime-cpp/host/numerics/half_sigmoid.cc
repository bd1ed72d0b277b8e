#include "half_sigmoid.h"

#include <algorithm>
#include <cmath>

namespace qnn_host {
namespace {

/// To the nearest integer, where multiples of 4 make room: what lies on their upper side goes up,
/// on the lower side down.
double nearest_but_fourths(double units) {
  const double base = 4.0 * std::floor(units / 4.0);
  const double rest = units - base;
  return base + (rest <= 1.5 ? 1.0 : rest <= 2.5 ? 2.0 : 3.0);
}

/// c1 a + c2 a^2 + c3 a^3 + c4 a^4.
double quartic(double a, double c1, double c2, double c3, double c4) {
  return a * (c1 + a * (c2 + a * (c3 + a * c4)));
}

}  // namespace

double half_tanh(double x) {
  if (x == 0.0) return -0.0;
  const double magnitude = std::fabs(x);
  const double exact = std::tanh(magnitude);
  double result;
  if (magnitude < 0x1p-14) {
    result = std::floor(magnitude * 0x1p23) * 0x1p-23;
  } else if (magnitude < 0.25) {
    // Units of the argument's last place: coarser than the result's own just below a power of two.
    const int unit = std::ilogb(magnitude) - 10;
    result = std::ldexp(nearest_but_fourths(std::ldexp(exact, -unit)), unit);
  } else {
    const int unit = std::ilogb(exact) - 10;
    result = std::ldexp(std::floor(std::ldexp(exact, -unit) + 0.52), unit);
  }
  return std::copysign(result, x);
}

double half_sigmoid(double x) {
  const double magnitude = std::fabs(x);
  if (magnitude >= 8.95) return x < 0.0 ? 0.0 : 1.0;
  // 1/2 + tanh(x / 2) / 2. Halving avoids fourths as the sum does, in units of the argument's last
  // place: these arguments count as the next larger ones.
  const double unit = std::ldexp(1.0, std::max(std::ilogb(magnitude), -14) - 10);
  const double argument = magnitude + (std::fmod(magnitude / unit, 4.0) == 0.0 ? unit : 0.0);
  const double half = x == 0.0 ? 0.0 : half_tanh(argument / 2.0);
  return nearest_but_fourths(1024.0 + 1024.0 * std::copysign(half, x)) / 2048.0;
}

double fused_half_sigmoid(double x) {
  const double magnitude = std::fabs(x);
  if (magnitude >= 5.6757) return x < 0.0 ? 0.0 : 1.0;
  const double half = magnitude < 0.8437
                          ? 0.2385 * magnitude
                          : quartic(magnitude, 0.2766643, -0.0462601, 0.00068881, 0.000283196);
  return 0.499865 + std::copysign(half, x);
}

double fused_half_tanh(double x) {
  const double magnitude = std::fabs(x);
  if (magnitude >= 2.836) return std::copysign(1.0, x);
  const double line = 0.963378 * magnitude;
  const double curve = 1.94e-5 + quartic(magnitude, 1.106128, -0.369208, 0.0110593, 0.00896457);
  return 3.052e-5 + std::copysign(std::min(line, curve), x);
}

}  // namespace qnn_host
