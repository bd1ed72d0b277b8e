#include "fixed_point.h"

#include <algorithm>
#include <cmath>

#include "float16.h"

namespace qnn_host {

int32_t FixedCode::store(double value) const {
  return fixed_round(value / scale, *this);
}

int32_t FixedCode::quantize(float value) const {
  const float number = value * static_cast<float>(1.0 / scale);
  const double nearest = std::round(static_cast<double>(number)) - static_cast<double>(offset);
  if (!(nearest > static_cast<double>(least))) return least;
  return nearest < static_cast<double>(greatest) ? static_cast<int32_t>(nearest) : greatest;
}

int32_t fixed_round(double number, const FixedCode& code) {
  const double nearest = std::floor(number + 0.5) - static_cast<double>(code.offset);
  if (!(nearest > static_cast<double>(code.least))) return code.least;
  return nearest < static_cast<double>(code.greatest) ? static_cast<int32_t>(nearest)
                                                      : code.greatest;
}

FixedOperands fixed_operands(FixedBinary f, const FixedCode& a, const FixedCode& b,
                             const FixedCode& y) {
  if (f == FixedBinary::kMultiply) return {a.offset, b.offset, a.scale * b.scale / y.scale, 1};
  if (f == FixedBinary::kDivide) return {a.offset, b.offset, a.scale / b.scale / y.scale, 1};
  return {a.offset, b.offset, a.scale / y.scale, b.scale / y.scale};
}

double fixed_combine(FixedBinary f, int32_t a, int32_t b, const FixedOperands& operands) {
  const double left = static_cast<double>(int64_t{a} + operands.a_offset);
  const double right = static_cast<double>(int64_t{b} + operands.b_offset);
  switch (f) {
    case FixedBinary::kAdd:
      return left * operands.a_ratio + right * operands.b_ratio;
    case FixedBinary::kSubtract:
      return left * operands.a_ratio - right * operands.b_ratio;
    case FixedBinary::kMultiply:
      return left * right * operands.a_ratio;
    case FixedBinary::kDivide:
      return left / right * operands.a_ratio;
    case FixedBinary::kMaximum:
      return std::max(left * operands.a_ratio, right * operands.b_ratio);
    case FixedBinary::kMinimum:
      return std::min(left * operands.a_ratio, right * operands.b_ratio);
  }
  return 0.0;
}

float dequantized_float(int32_t stored, const FixedCode& code) {
  const int64_t whole = static_cast<int64_t>(stored) + code.offset;
  return static_cast<float>(whole) * static_cast<float>(code.scale);
}

uint16_t dequantized_half(int32_t stored, const FixedCode& code) {
  return ieee_half(static_cast<double>(dequantized_float(stored, code)));
}

uint16_t fixed_linear_result(int64_t sum, const FixedSum& scaling, int32_t y_offset) {
  const double acc = static_cast<double>(sum >> 8) + scaling.addend;
  const double y = std::floor(acc * scaling.multiplier + 0.5) - static_cast<double>(y_offset);
  return static_cast<uint16_t>(std::max(0.0, std::min(y, 65535.0)));
}

double fixed_addend(int32_t x_offset, int64_t weights, double bias) {
  const double product = static_cast<double>(x_offset) * static_cast<double>(weights);
  return std::round(product / 256.0) + std::trunc(bias / 256.0);
}

uint16_t half_weight(int32_t stored, float scale) {
  const double rounded = ieee_value(ieee_half(static_cast<double>(scale)));
  return extended_half(rounded * static_cast<double>(stored));
}

FixedNorm fixed_layer_norm(uint64_t sum, uint64_t squares, uint64_t count, double scale,
                           double epsilon) {
  const double n = static_cast<double>(count);
  // Up to 2^16 numbers of 16 bits: both products fit 64 bits, and their difference is exact.
  const double spread = static_cast<double>(squares * count - sum * sum) / (n * n);
  return {static_cast<double>(sum) / n, scale / std::sqrt(spread * scale * scale + epsilon)};
}

double fixed_norm_value(int32_t stored, const FixedNorm& norm, double gamma, double beta) {
  const double centred = static_cast<double>(stored) - norm.centre;
  const double normal = centred * norm.factor;
  const double scaled = normal * gamma;
  return scaled + beta;
}

}  // namespace qnn_host
