// Each function is the sequence of float64 operations that numerics/fixed_point.h describes.

#include "fixed_element_wise.h"

#include <algorithm>

#include "numerics/float16.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/fixed_element_wise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qnn_host {
namespace HWY_NAMESPACE {

using F64 = hn::ScalableTag<double>;
using I32 = hn::Rebind<int32_t, F64>;
using W16 = hn::Rebind<uint16_t, F64>;  ///< as many as F64 has lanes
using VD = hn::Vec<F64>;
using VI = hn::Vec<I32>;

HWY_INLINE VI load_whole(const uint16_t* from) {
  return hn::PromoteTo(I32(), hn::LoadU(W16(), from));
}

/// fixed_round for codes of uint16.
struct Rounding {
  explicit Rounding(const FixedCode& code) : offset(static_cast<double>(code.offset)) {}
  HWY_INLINE void store(VD number, uint16_t* to) const {
    put(hn::Floor(hn::Add(number, hn::Set(F64(), 0.5))), to);
  }
  /// Half away from zero.
  HWY_INLINE void store_away(VD number, uint16_t* to) const {
    const auto magnitude = hn::Floor(hn::Add(hn::Abs(number), hn::Set(F64(), 0.5)));
    put(hn::CopySign(magnitude, number), to);
  }

 private:
  HWY_INLINE void put(VD whole, uint16_t* to) const {
    const F64 d;
    const auto nearest = hn::Sub(whole, hn::Set(d, offset));
    // In this order a NaN becomes 0.
    const auto clamped = hn::Max(hn::Min(nearest, hn::Set(d, 65535.0)), hn::Zero(d));
    hn::StoreU(hn::DemoteTo(W16(), hn::DemoteTo(I32(), clamped)), W16(), to);
  }
  double offset;
};

/// Quotients by a scale, rounded as a division rounds them. Scales are float32 numbers: quotients
/// by 24 bits keep 2^-25 units in the last place away from where the rounding changes, and a
/// product with the reciprocal, mended by what it leaves over (which is exact), comes nearer than
/// that.
struct Divisor {
  explicit Divisor(double scale) : scale(scale), reciprocal(1.0 / scale) {}
  HWY_INLINE VD divide(VD number) const {
    const F64 d;
    const auto by = hn::Set(d, scale);
#if HWY_NATIVE_FMA
    const auto times = hn::Set(d, reciprocal);
    const auto quotient = hn::Mul(number, times);
    return hn::MulAdd(hn::NegMulAdd(quotient, by, number), times, quotient);
#else
    return hn::Div(number, by);
#endif
  }
  double scale, reciprocal;
};

template <FixedBinary f>
HWY_INLINE VD combine(VD a, VD b, VD a_ratio, VD b_ratio) {
  if constexpr (f == FixedBinary::kAdd) return hn::Add(hn::Mul(a, a_ratio), hn::Mul(b, b_ratio));
  if constexpr (f == FixedBinary::kSubtract)
    return hn::Sub(hn::Mul(a, a_ratio), hn::Mul(b, b_ratio));
  if constexpr (f == FixedBinary::kMultiply) return hn::Mul(hn::Mul(a, b), a_ratio);
  if constexpr (f == FixedBinary::kDivide) return hn::Mul(hn::Div(a, b), a_ratio);
  if constexpr (f == FixedBinary::kMaximum)
    return hn::Max(hn::Mul(a, a_ratio), hn::Mul(b, b_ratio));
  if constexpr (f == FixedBinary::kMinimum)
    return hn::Min(hn::Mul(a, a_ratio), hn::Mul(b, b_ratio));
}

template <FixedBinary f, bool kA, bool kB>
void binary_run(const FixedOperands& operands, const FixedCode& code, const uint16_t* a,
                const uint16_t* b, uint16_t* out, size_t count) {
  const F64 d;
  const size_t lanes = hn::Lanes(d);
  const auto a_ratio = hn::Set(d, operands.a_ratio), b_ratio = hn::Set(d, operands.b_ratio);
  const auto a_offset = hn::Set(I32(), operands.a_offset);
  const auto b_offset = hn::Set(I32(), operands.b_offset);
  const auto one_a = hn::Set(I32(), int32_t{a[0]}), one_b = hn::Set(I32(), int32_t{b[0]});
  const Rounding rounding(code);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto left = hn::PromoteTo(d, hn::Add(kA ? load_whole(a + i) : one_a, a_offset));
    const auto right = hn::PromoteTo(d, hn::Add(kB ? load_whole(b + i) : one_b, b_offset));
    rounding.store(combine<f>(left, right, a_ratio, b_ratio), out + i);
  }
  for (; i < count; ++i)
    out[i] = static_cast<uint16_t>(
        fixed_round(fixed_combine(f, a[kA ? i : 0], b[kB ? i : 0], operands), code));
}

template <FixedBinary f>
void some_rows(const FixedOperands& operands, const FixedCode& code, const RowsOf<uint16_t>& a,
               const RowsOf<uint16_t>& b, uint16_t* out, size_t out_step, size_t rows,
               size_t count) {
  const auto run = a.steps ? (b.steps ? binary_run<f, true, true> : binary_run<f, true, false>)
                           : (b.steps ? binary_run<f, false, true> : binary_run<f, false, false>);
  for (size_t r = 0; r < rows; ++r)
    run(operands, code, a.data + r * a.row_step, b.data + r * b.row_step, out + r * out_step,
        count);
}

void binary_all(FixedBinary f, const FixedOperands& operands, const FixedCode& code,
                const RowsOf<uint16_t>& a, const RowsOf<uint16_t>& b, uint16_t* out,
                size_t out_step, size_t rows, size_t count) {
  switch (f) {
    case FixedBinary::kAdd:
      return some_rows<FixedBinary::kAdd>(operands, code, a, b, out, out_step, rows, count);
    case FixedBinary::kSubtract:
      return some_rows<FixedBinary::kSubtract>(operands, code, a, b, out, out_step, rows, count);
    case FixedBinary::kMultiply:
      return some_rows<FixedBinary::kMultiply>(operands, code, a, b, out, out_step, rows, count);
    case FixedBinary::kDivide:
      return some_rows<FixedBinary::kDivide>(operands, code, a, b, out, out_step, rows, count);
    case FixedBinary::kMaximum:
      return some_rows<FixedBinary::kMaximum>(operands, code, a, b, out, out_step, rows, count);
    case FixedBinary::kMinimum:
      return some_rows<FixedBinary::kMinimum>(operands, code, a, b, out, out_step, rows, count);
  }
}

void relu_all(const FixedCode& from, const FixedCode& to, const uint16_t* x, uint16_t* out,
              size_t count) {
  const F64 d;
  const size_t lanes = hn::Lanes(d);
  const auto offset = hn::Set(I32(), from.offset);
  const auto from_scale = hn::Set(d, from.scale);
  const Divisor to_scale(to.scale);
  const Rounding rounding(to);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto whole = hn::Max(hn::Add(load_whole(x + i), offset), hn::Zero(I32()));
    rounding.store(to_scale.divide(hn::Mul(hn::PromoteTo(d, whole), from_scale)), out + i);
  }
  for (; i < count; ++i) out[i] = static_cast<uint16_t>(to.store(std::max(from.value(x[i]), 0.0)));
}

void convert_all(const FixedCode& from, const FixedCode& to, const uint16_t* x, uint16_t* out,
                 size_t count) {
  const F64 d;
  const size_t lanes = hn::Lanes(d);
  const auto offset = hn::Set(I32(), from.offset);
  const double factor = from.scale / to.scale;
  const auto ratio = hn::Set(d, factor);
  const Rounding rounding(to);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    rounding.store(hn::Mul(hn::PromoteTo(d, hn::Add(load_whole(x + i), offset)), ratio), out + i);
  for (; i < count; ++i)
    out[i] =
        static_cast<uint16_t>(fixed_round(static_cast<double>(x[i] + from.offset) * factor, to));
}

HWY_INLINE uint16_t quantize_one(const FixedCode& to, uint16_t half) {
  return static_cast<uint16_t>(to.quantize(static_cast<float>(extended_value(half))));
}

void quantize_all(const FixedCode& to, const uint16_t* x, uint16_t* out, size_t count) {
  size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const F64 d;
  const auto inverse = hn::Set(F32(), static_cast<float>(1.0 / to.scale));
  const hn::Half<F32> half;
  const Rounding rounding(to);
  const size_t lanes = hn::Lanes(F32());
  for (; i + lanes <= count; i += lanes) {
    const auto bits = load_half_bits(x + i);
    if (HWY_UNLIKELY(any_outside(bits))) {
      for (size_t j = i; j < i + lanes; ++j) out[j] = quantize_one(to, x[j]);
      continue;
    }
    const auto wide = hn::Mul(widen(bits), inverse);
    const auto low = hn::PromoteTo(d, hn::LowerHalf(half, wide));
    const auto high = hn::PromoteTo(d, hn::UpperHalf(half, wide));
    rounding.store_away(low, out + i);
    rounding.store_away(high, out + i + lanes / 2);
  }
#endif
  for (; i < count; ++i) out[i] = quantize_one(to, x[i]);
}

void dequantize_all(const FixedCode& from, const uint16_t* x, uint16_t* out, size_t count) {
  const hn::Rebind<int32_t, F32> di;
  const auto offset = hn::Set(di, from.offset);
  const auto scale = hn::Set(F32(), static_cast<float>(from.scale));
  const size_t lanes = hn::Lanes(di);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto whole = hn::Add(hn::PromoteTo(di, hn::LoadU(U16(), x + i)), offset);
    hn::StoreU(narrow_even(hn::Mul(hn::ConvertTo(F32(), whole), scale)), U16(), out + i);
  }
  for (; i < count; ++i) out[i] = dequantized_half(x[i], from);
}

void layer_norm_all(const FixedCode& from, const FixedCode& to, double epsilon, const double* gamma,
                    const double* beta, const uint16_t* x, uint16_t* out, size_t count) {
  const F64 d;
  const size_t lanes = hn::Lanes(d);
  // Sums below 2^53: exact.
  auto sums = hn::Zero(d), squares = sums;
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::PromoteTo(d, load_whole(x + i));
    sums = hn::Add(sums, value);
    squares = hn::Add(squares, hn::Mul(value, value));
  }
  uint64_t sum = static_cast<uint64_t>(hn::GetLane(hn::SumOfLanes(d, sums)));
  uint64_t square = static_cast<uint64_t>(hn::GetLane(hn::SumOfLanes(d, squares)));
  for (; i < count; ++i) {
    sum += x[i];
    square += uint64_t{x[i]} * x[i];
  }
  const FixedNorm norm = fixed_layer_norm(sum, square, count, from.scale, epsilon);
  const auto centre = hn::Set(d, norm.centre), factor = hn::Set(d, norm.factor);
  const Divisor scale(to.scale);
  const Rounding rounding(to);
  for (i = 0; i + lanes <= count; i += lanes) {
    const auto centred = hn::Sub(hn::PromoteTo(d, load_whole(x + i)), centre);
    const auto scaled = hn::Mul(hn::Mul(centred, factor), hn::LoadU(d, gamma + i));
    rounding.store(scale.divide(hn::Add(scaled, hn::LoadU(d, beta + i))), out + i);
  }
  for (; i < count; ++i)
    out[i] = static_cast<uint16_t>(to.store(fixed_norm_value(x[i], norm, gamma[i], beta[i])));
}

}  // namespace HWY_NAMESPACE
}  // namespace qnn_host
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qnn_host {

HWY_EXPORT(binary_all);
HWY_EXPORT(relu_all);
HWY_EXPORT(convert_all);
HWY_EXPORT(quantize_all);
HWY_EXPORT(dequantize_all);
HWY_EXPORT(layer_norm_all);

void fixed_binary_rows(FixedBinary f, const FixedOperands& operands, const FixedCode& code,
                       const RowsOf<uint16_t>& a, const RowsOf<uint16_t>& b, uint16_t* out,
                       uint64_t out_step, uint64_t rows, uint64_t count) {
  HWY_DYNAMIC_DISPATCH(binary_all)(f, operands, code, a, b, out, out_step, rows, count);
}
void fixed_relu_run(const FixedCode& from, const FixedCode& to, const uint16_t* x, uint16_t* out,
                    uint64_t count) {
  HWY_DYNAMIC_DISPATCH(relu_all)(from, to, x, out, count);
}
void fixed_convert_run(const FixedCode& from, const FixedCode& to, const uint16_t* x, uint16_t* out,
                       uint64_t count) {
  HWY_DYNAMIC_DISPATCH(convert_all)(from, to, x, out, count);
}
void quantize_run(const FixedCode& to, const uint16_t* x, uint16_t* out, uint64_t count) {
  HWY_DYNAMIC_DISPATCH(quantize_all)(to, x, out, count);
}
void dequantize_run(const FixedCode& from, const uint16_t* x, uint16_t* out, uint64_t count) {
  HWY_DYNAMIC_DISPATCH(dequantize_all)(from, x, out, count);
}
void fixed_layer_norm_row(const FixedCode& from, const FixedCode& to, double epsilon,
                          const double* gamma, const double* beta, const uint16_t* x, uint16_t* out,
                          uint64_t count) {
  HWY_DYNAMIC_DISPATCH(layer_norm_all)(from, to, epsilon, gamma, beta, x, out, count);
}

}  // namespace qnn_host
#endif  // HWY_ONCE
