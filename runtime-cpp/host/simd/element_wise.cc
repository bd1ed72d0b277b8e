#include "element_wise.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "numerics/dot.h"
#include "scalar_half.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/element_wise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qnn_host {
namespace HWY_NAMESPACE {

template <Binary f>
HWY_INLINE VF apply(VF a, VF b) {
  if constexpr (f == Binary::kSum) return hn::Add(hn::Add(hn::Zero(F32()), a), b);
  if constexpr (f == Binary::kAdd) return hn::Add(a, b);
  if constexpr (f == Binary::kSubtract) return hn::Sub(a, b);
  if constexpr (f == Binary::kMultiply || f == Binary::kProduct) return hn::Mul(a, b);
  if constexpr (f == Binary::kMaximum)
    return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::Ne(a, a)), a, b);
  if constexpr (f == Binary::kMinimum)
    return hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::Ne(a, a)), a, b);
}

/// Sums, and products of matrix products, are IEEE; the rest rounds ties away from zero.
template <Binary f>
HWY_INLINE VH narrow(VF value) {
  if constexpr (f == Binary::kAdd || f == Binary::kSubtract || f == Binary::kMultiply)
    return narrow_away(value);
  return narrow_even(value);
}

/// The plain way, for the few values that need it: out of line, so that the loops over vectors keep
/// what they need in registers.
template <Binary f>
HWY_NOINLINE void plain_run(const uint16_t* a, size_t a_step, const uint16_t* b, size_t b_step,
                            uint16_t* out, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = scalar_half(f, a[i * a_step], b[i * b_step]);
}

/// Less than two vectors.
template <Binary f, bool kA, bool kB>
HWY_NOINLINE void plain_tail(const uint16_t* a, const uint16_t* b, uint16_t* out, size_t i,
                             size_t count) {
  const U16 d;
  const size_t lanes = hn::Lanes(d);
  constexpr bool kPicks = f == Binary::kMaximum || f == Binary::kMinimum;
  for (; i + lanes <= count; i += lanes) {
    const auto left = kA ? load_half_bits(a + i) : hn::Set(d, a[0]);
    const auto right = kB ? load_half_bits(b + i) : hn::Set(d, b[0]);
    const auto result = narrow<f>(apply<f>(widen(left), widen(right)));
    if (any_outside(result) || (kPicks && (any_outside(left) || any_outside(right))))
      plain_run<f>(kA ? a + i : a, kA, kB ? b + i : b, kB, out + i, lanes);
    else
      hn::StoreU(result, d, out + i);
  }
  plain_run<f>(kA ? a + i : a, kA, kB ? b + i : b, kB, out + i, count - i);
}

template <Binary f, bool kA, bool kB>
HWY_INLINE void half_run(const uint16_t* a, const uint16_t* b, uint16_t* out, size_t count) {
  const U16 d;
  const size_t lanes = hn::Lanes(d);
  // Extremes pick an operand, which may be inside while the other is not.
  constexpr bool kPicks = f == Binary::kMaximum || f == Binary::kMinimum;
  const auto exponent = hn::Set(d, uint16_t{0x7C00});
  const auto one_a = hn::Set(d, kA ? uint16_t{0} : a[0]);
  const auto one_b = hn::Set(d, kB ? uint16_t{0} : b[0]);
  const auto wide_a = widen(one_a), wide_b = widen(one_b);
  size_t i = 0;
  // Two vectors share the question whether all is well.
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    const auto a0 = kA ? load_half_bits(a + i) : one_a;
    const auto b0 = kB ? load_half_bits(b + i) : one_b;
    const auto a1 = kA ? load_half_bits(a + i + lanes) : one_a;
    const auto b1 = kB ? load_half_bits(b + i + lanes) : one_b;
    const auto r0 = narrow<f>(apply<f>(kA ? widen(a0) : wide_a, kB ? widen(b0) : wide_b));
    const auto r1 = narrow<f>(apply<f>(kA ? widen(a1) : wide_a, kB ? widen(b1) : wide_b));
    auto highest = hn::Max(hn::And(r0, exponent), hn::And(r1, exponent));
    if constexpr (kPicks) {
      for (const auto operand : {a0, a1, b0, b1})
        highest = hn::Max(highest, hn::And(operand, exponent));
    }
    if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Eq(highest, exponent)))) {
      plain_run<f>(kA ? a + i : a, kA, kB ? b + i : b, kB, out + i, 2 * lanes);
      continue;
    }
    hn::StoreU(r0, d, out + i);
    hn::StoreU(r1, d, out + i + lanes);
  }
  if (HWY_UNLIKELY(i < count)) plain_tail<f, kA, kB>(a, b, out, i, count);
}

template <Binary f>
float scalar_float(float a, float b) {
  if constexpr (f == Binary::kAdd || f == Binary::kSum) return a + b;
  if constexpr (f == Binary::kSubtract) return a - b;
  if constexpr (f == Binary::kMultiply) return a * b;
  if constexpr (f == Binary::kProduct)
    return static_cast<float>(device_product(static_cast<double>(a), static_cast<double>(b)));
  if constexpr (f == Binary::kMaximum) return std::isnan(a) || a > b ? a : b;
  if constexpr (f == Binary::kMinimum) return std::isnan(a) || a < b ? a : b;
}

template <Binary f, bool kA, bool kB>
void float_run(const float* a, const float* b, float* out, size_t count) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  const auto one_a = hn::Set(d, kA ? 0.0f : a[0]), one_b = hn::Set(d, kB ? 0.0f : b[0]);
  for (; i + lanes <= count; i += lanes) {
    const auto result =
        apply<f>(kA ? hn::LoadU(d, a + i) : one_a, kB ? hn::LoadU(d, b + i) : one_b);
    if (f == Binary::kProduct && HWY_UNLIKELY(!hn::AllFalse(d, hn::Ne(result, result)))) {
      for (size_t j = i; j < i + lanes; ++j) out[j] = scalar_float<f>(a[kA ? j : 0], b[kB ? j : 0]);
      continue;
    }
    hn::StoreU(result, d, out + i);
  }
  for (; i < count; ++i) out[i] = scalar_float<f>(a[kA ? i : 0], b[kB ? i : 0]);
}

template <Binary f, bool kA, bool kB, typename T>
void every_row(const RowsOf<T>& a, const RowsOf<T>& b, T* out, size_t out_step, size_t rows,
               size_t count) {
  for (size_t r = 0; r < rows; ++r) {
    const T *left = a.data + r * a.row_step, *right = b.data + r * b.row_step;
    if constexpr (std::is_same_v<T, uint16_t>)
      half_run<f, kA, kB>(left, right, out + r * out_step, count);
    else
      float_run<f, kA, kB>(left, right, out + r * out_step, count);
  }
}

template <Binary f, typename T>
void some_rows(const RowsOf<T>& a, const RowsOf<T>& b, T* out, size_t out_step, size_t rows,
               size_t count) {
  if (a.steps && b.steps) return every_row<f, true, true>(a, b, out, out_step, rows, count);
  if (a.steps) return every_row<f, true, false>(a, b, out, out_step, rows, count);
  if (b.steps) return every_row<f, false, true>(a, b, out, out_step, rows, count);
  every_row<f, false, false>(a, b, out, out_step, rows, count);
}

template <typename T>
void any_rows(Binary f, const RowsOf<T>& a, const RowsOf<T>& b, T* out, size_t out_step,
              size_t rows, size_t count) {
  switch (f) {
    case Binary::kSum:
      return some_rows<Binary::kSum>(a, b, out, out_step, rows, count);
    case Binary::kAdd:
      return some_rows<Binary::kAdd>(a, b, out, out_step, rows, count);
    case Binary::kSubtract:
      return some_rows<Binary::kSubtract>(a, b, out, out_step, rows, count);
    case Binary::kMultiply:
      return some_rows<Binary::kMultiply>(a, b, out, out_step, rows, count);
    case Binary::kMaximum:
      return some_rows<Binary::kMaximum>(a, b, out, out_step, rows, count);
    case Binary::kMinimum:
      return some_rows<Binary::kMinimum>(a, b, out, out_step, rows, count);
    case Binary::kProduct:
      return some_rows<Binary::kProduct>(a, b, out, out_step, rows, count);
  }
}

void binary_halves(Binary f, const RowsOf<uint16_t>& a, const RowsOf<uint16_t>& b, uint16_t* out,
                   size_t out_step, size_t rows, size_t count) {
  any_rows(f, a, b, out, out_step, rows, count);
}
void binary_floats(Binary f, const RowsOf<float>& a, const RowsOf<float>& b, float* out,
                   size_t out_step, size_t rows, size_t count) {
  any_rows(f, a, b, out, out_step, rows, count);
}

/// One rounding of x w + b. The product is exact in float32; the sum may not be, and a float32 that
/// is half way between two halves may stand for a number beside it: what rounding it has lost
/// decides then. (Elsewhere both float32 neighbours round to the same half, or it does not matter.)
HWY_INLINE VH multiply_add(VF x, VF w, VF b) {
  const F32 d;
  const auto product = hn::Mul(x, w);
  const auto sum = hn::Add(product, b);
  // Knuth's two-sum: product + b = sum + lost, exactly.
  const auto part = hn::Sub(sum, product);
  const auto lost = hn::Add(hn::Sub(product, hn::Sub(sum, part)), hn::Sub(b, part));
  const auto unit = hn::Set(d, 1.5f * 0x1p-24f);
  const auto above = narrow_even(hn::MulAdd(sum, unit, sum));
  const auto below = narrow_even(hn::NegMulAdd(sum, unit, sum));
  const auto up = widen(above), down = widen(below);
  const auto tie = hn::And(hn::Eq(hn::Sub(sum, down), hn::Sub(up, sum)), hn::Ne(up, down));
  // The exact sum is smaller in magnitude when the lost part has the other sign.
  const auto smaller = hn::Lt(hn::Mul(lost, sum), hn::Zero(d));
  const auto nearest = hn::IfThenElse(smaller, down, up);
  return narrow_even(hn::IfThenElse(tie, nearest, sum));
}

void multiply_add_halves(const uint16_t* x, const uint16_t* w, const uint16_t* b, uint16_t* out,
                         size_t count) {
  const U16 d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto result = multiply_add(load_half(x + i), load_half(w + i), load_half(b + i));
    if (HWY_UNLIKELY(any_outside(result))) {
      for (size_t j = i; j < i + lanes; ++j) out[j] = scalar_multiply_add(x[j], w[j], b[j]);
      continue;
    }
    hn::StoreU(result, d, out + i);
  }
  for (; i < count; ++i) out[i] = scalar_multiply_add(x[i], w[i], b[i]);
}

void relu_halves(const uint16_t* x, uint16_t* out, size_t count) {
  const U16 d;
  const size_t lanes = hn::Lanes(d);
  const hn::RebindToSigned<U16> di;
  size_t i = 0;
  // Numbers are ordered as their bits are, read as integers with a sign; 65536 is the largest that
  // the device lets through.
  const auto most = hn::Set(di, int16_t{0x7C00});
  for (; i + lanes <= count; i += lanes) {
    const auto bits = hn::BitCast(di, hn::LoadU(d, x + i));
    hn::StoreU(hn::BitCast(d, hn::Min(hn::Max(bits, hn::Zero(di)), most)), d, out + i);
  }
  for (; i < count; ++i) out[i] = (x[i] & 0x8000) != 0 ? 0 : std::min(x[i], uint16_t{0x7C00});
}

}  // namespace HWY_NAMESPACE
}  // namespace qnn_host
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qnn_host {

HWY_EXPORT(binary_halves);
HWY_EXPORT(binary_floats);
HWY_EXPORT(multiply_add_halves);
HWY_EXPORT(relu_halves);

void binary_rows(Binary f, const RowsOf<uint16_t>& a, const RowsOf<uint16_t>& b, uint16_t* out,
                 uint64_t out_step, uint64_t rows, uint64_t count) {
  HWY_DYNAMIC_DISPATCH(binary_halves)(f, a, b, out, out_step, rows, count);
}
void binary_rows(Binary f, const RowsOf<float>& a, const RowsOf<float>& b, float* out,
                 uint64_t out_step, uint64_t rows, uint64_t count) {
  HWY_DYNAMIC_DISPATCH(binary_floats)(f, a, b, out, out_step, rows, count);
}
void multiply_add_run(const uint16_t* x, const uint16_t* w, const uint16_t* b, uint16_t* out,
                      uint64_t count) {
  HWY_DYNAMIC_DISPATCH(multiply_add_halves)(x, w, b, out, count);
}
void relu_run(const uint16_t* x, uint16_t* out, uint64_t count) {
  HWY_DYNAMIC_DISPATCH(relu_halves)(x, out, count);
}

}  // namespace qnn_host
#endif  // HWY_ONCE
