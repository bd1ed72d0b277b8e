#pragma once

#include <cstdint>

namespace qnn_host {

// Fixed point as the device computes it (found by running Qualcomm's simulator for v73 to v81).
// Everything here is exact, or one operation of float64 or float32 after the other, so that
// vectors give the same bits; results that lie half way between two stored integers go up.

/// The numbers that a tensor with one scale may hold: value = (stored + offset) * scale, stored
/// from `least` to `greatest`.
struct FixedCode {
  double scale = 1;
  int32_t offset = 0;
  int32_t least = 0, greatest = 0xFFFF;

  /// Exact.
  double value(int32_t stored) const {
    return (static_cast<double>(stored) + static_cast<double>(offset)) * scale;
  }
  /// The nearest, saturated: floor(value / scale + 1/2) - offset. A NaN gives `least`.
  int32_t store(double value) const;
  /// Of a float, as Quantize does it: value * float32(1 / scale) in float32, to the nearest, half
  /// away from zero, - offset, saturated. A NaN gives `least`. In every bit as the simulator.
  int32_t quantize(float value) const;
};

/// The stored integer for a number in units of the code's scale: floor(number + 1/2) - offset,
/// saturated. A NaN gives `least`.
int32_t fixed_round(double number, const FixedCode& code);

/// Element-wise functions of two operands, computed in units of the output's scale.
enum class FixedBinary : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kMaximum, kMinimum };
struct FixedOperands {
  int32_t a_offset = 0, b_offset = 0;
  /// Scales of a and b over y's. Of a product a_ratio is scale of a * scale of b / scale of y, of a
  /// quotient scale of a / scale of b / scale of y; b_ratio is unused.
  double a_ratio = 1, b_ratio = 1;
};
FixedOperands fixed_operands(FixedBinary f, const FixedCode& a, const FixedCode& b,
                             const FixedCode& y);
/// With A = a + a_offset, B = b + b_offset: A a_ratio + B b_ratio (- , the larger, the smaller), (A
/// B) a_ratio or (A / B) a_ratio, each operation rounded to float64.
double fixed_combine(FixedBinary f, int32_t a, int32_t b, const FixedOperands& operands);

/// stored as float16: float32(stored + offset) * float32(scale) in float32, then to nearest, ties
/// to even.
uint16_t dequantized_half(int32_t stored, const FixedCode& code);
/// The float32 of the above.
float dequantized_float(int32_t stored, const FixedCode& code);

/// One output of a linear layer of 16-bit activations and weights of 8 bits or fewer. The device
/// multiplies the high and the low bytes of x by themselves and drops the low 8 bits of the sum:
///
///   acc = sum (x >> 8) w + floor(sum (x & 255) w / 256) + addend = floor(sum x w / 256) + addend
///   y   = floor(acc * multiplier + 1/2) - offset of y, from 0 to 65535
///
/// where x are stored integers, w those of the weights (with 4 bits in blocks: times the block's
/// scale). Of results with scales that are powers of two 99.9 % are as the simulator's in every
/// bit, else 99.5 %; the others are one apart. (In blocks its results vary from run to run.)
struct FixedSum {
  double addend;      ///< an integer, see fixed_addend
  double multiplier;  ///< 256 * scale of x * scale of w / scale of y
};
uint16_t fixed_linear_result(int64_t sum, const FixedSum& scaling, int32_t y_offset);

/// round(x_offset * weights / 256), half away from zero, + trunc(bias / 256): `weights` is the sum
/// of a row's, `bias` in units of scale of x * scale of w.
double fixed_addend(int32_t x_offset, int64_t weights, double bias);

/// A weight of 8 or 4 bits beside float16 activations: float16(scale), to nearest even, times
/// stored, to nearest, ties away from zero. In every bit as the simulator.
uint16_t half_weight(int32_t stored, float scale);

/// (x - mean) / sqrt(variance + epsilon) of `count` numbers that were stored as integers, from
/// their exact sums: stored value q becomes (q - centre) * factor.
struct FixedNorm {
  double centre, factor;
};
FixedNorm fixed_layer_norm(uint64_t sum, uint64_t squares, uint64_t count, double scale,
                           double epsilon);
/// One element: (stored - centre) * factor * gamma + beta, each operation rounded to float64.
double fixed_norm_value(int32_t stored, const FixedNorm& norm, double gamma, double beta);

}  // namespace qnn_host
