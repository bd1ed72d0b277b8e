#include "element_wise.h"

#include <algorithm>
#include <cmath>

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

template <Binary f, bool kA, bool kB>
void half_run(const uint16_t* a, const uint16_t* b, uint16_t* out, size_t count) {
  const U16 d;
  const size_t lanes = hn::Lanes(d);
  // Extremes pick an operand, which may be inside while the other is not.
  constexpr bool kPicks = f == Binary::kMaximum || f == Binary::kMinimum;
  size_t i = 0;
  const auto one_a = hn::Set(d, kA ? uint16_t{0} : a[0]);
  const auto one_b = hn::Set(d, kB ? uint16_t{0} : b[0]);
  const auto wide_a = widen(one_a), wide_b = widen(one_b);
  for (; i + lanes <= count; i += lanes) {
    const auto bits_a = kA ? load_half_bits(a + i) : one_a;
    const auto bits_b = kB ? load_half_bits(b + i) : one_b;
    const auto result =
        narrow<f>(apply<f>(kA ? widen(bits_a) : wide_a, kB ? widen(bits_b) : wide_b));
    if (HWY_UNLIKELY(any_outside(result) ||
                     (kPicks && (any_outside(bits_a) || any_outside(bits_b))))) {
      for (size_t j = i; j < i + lanes; ++j) out[j] = scalar_half(f, a[kA ? j : 0], b[kB ? j : 0]);
      continue;
    }
    hn::StoreU(result, d, out + i);
  }
  for (; i < count; ++i) out[i] = scalar_half(f, a[kA ? i : 0], b[kB ? i : 0]);
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

template <Binary f>
void half_binary(const uint16_t* a, bool a_steps, const uint16_t* b, bool b_steps, uint16_t* out,
                 size_t count) {
  if (a_steps && b_steps) return half_run<f, true, true>(a, b, out, count);
  if (a_steps) return half_run<f, true, false>(a, b, out, count);
  if (b_steps) return half_run<f, false, true>(a, b, out, count);
  const uint16_t value = scalar_half(f, a[0], b[0]);
  for (size_t i = 0; i < count; ++i) out[i] = value;
}

template <Binary f>
void float_binary(const float* a, bool a_steps, const float* b, bool b_steps, float* out,
                  size_t count) {
  if (a_steps && b_steps) return float_run<f, true, true>(a, b, out, count);
  if (a_steps) return float_run<f, true, false>(a, b, out, count);
  if (b_steps) return float_run<f, false, true>(a, b, out, count);
  const float value = scalar_float<f>(a[0], b[0]);
  for (size_t i = 0; i < count; ++i) out[i] = value;
}

#define QNN_HOST_EACH(call)                                     \
  switch (f) {                                                  \
    case Binary::kSum:                                          \
      return call<Binary::kSum>(a, as, b, bs, out, count);      \
    case Binary::kAdd:                                          \
      return call<Binary::kAdd>(a, as, b, bs, out, count);      \
    case Binary::kSubtract:                                     \
      return call<Binary::kSubtract>(a, as, b, bs, out, count); \
    case Binary::kMultiply:                                     \
      return call<Binary::kMultiply>(a, as, b, bs, out, count); \
    case Binary::kMaximum:                                      \
      return call<Binary::kMaximum>(a, as, b, bs, out, count);  \
    case Binary::kMinimum:                                      \
      return call<Binary::kMinimum>(a, as, b, bs, out, count);  \
    case Binary::kProduct:                                      \
      return call<Binary::kProduct>(a, as, b, bs, out, count);  \
  }

void binary_halves(Binary f, const uint16_t* a, bool as, const uint16_t* b, bool bs, uint16_t* out,
                   size_t count) {
  QNN_HOST_EACH(half_binary)
}
void binary_floats(Binary f, const float* a, bool as, const float* b, bool bs, float* out,
                   size_t count) {
  QNN_HOST_EACH(float_binary)
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
HWY_EXPORT(relu_halves);

void binary_run(Binary f, const uint16_t* a, bool a_steps, const uint16_t* b, bool b_steps,
                uint16_t* out, uint64_t count) {
  HWY_DYNAMIC_DISPATCH(binary_halves)(f, a, a_steps, b, b_steps, out, count);
}
void binary_run(Binary f, const float* a, bool a_steps, const float* b, bool b_steps, float* out,
                uint64_t count) {
  HWY_DYNAMIC_DISPATCH(binary_floats)(f, a, a_steps, b, b_steps, out, count);
}
void relu_run(const uint16_t* x, uint16_t* out, uint64_t count) {
  HWY_DYNAMIC_DISPATCH(relu_halves)(x, out, count);
}

}  // namespace qnn_host
#endif  // HWY_ONCE
