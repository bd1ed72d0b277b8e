// float16 in vectors of float32 lanes. Included once per instruction set.
#if defined(RWKV_HALF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_HALF_INL_H_
#undef RWKV_HALF_INL_H_
#else
#define RWKV_HALF_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace qnn_host {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using F16 = hn::Rebind<hwy::float16_t, F32>;  ///< as many halves as F32 has lanes
using U16 = hn::Rebind<uint16_t, F32>;
using U32 = hn::ScalableTag<uint32_t>;
using VF = hn::Vec<F32>;
using VH = hn::Vec<U16>;

/// Bits of halves; read as IEEE numbers.
HWY_INLINE VH load_half_bits(const uint16_t* from) {
  return hn::LoadU(U16(), from);
}
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || \
    HWY_TARGET == HWY_NEON
HWY_INLINE VF widen(VH bits) {
  return hn::PromoteTo(F32(), hn::BitCast(F16(), bits));
}
/// To nearest, ties to even.
HWY_INLINE VH narrow_even(VF value) {
  return hn::BitCast(U16(), hn::DemoteTo(F16(), value));
}
#else
// Highway's own emulation cuts digits off; these do what the instructions do.
HWY_INLINE VF widen(VH bits) {
  const U32 d;
  const auto wide = hn::PromoteTo(d, bits);
  const auto magnitude = hn::ShiftLeft<13>(hn::And(wide, hn::Set(d, 0x7FFFu)));
  // Times 2^112, which also normalises subnormals; exponent 31 becomes 255.
  const auto scaled = hn::Mul(hn::BitCast(F32(), magnitude), hn::Set(F32(), 0x1p112f));
  const auto infinite = hn::Ge(scaled, hn::Set(F32(), 65536.0f));
  const auto special = hn::Or(hn::BitCast(d, scaled), hn::Set(d, 0x7F800000u));
  const auto number = hn::IfThenElse(infinite, hn::BitCast(F32(), special), scaled);
  const auto sign = hn::ShiftLeft<16>(hn::And(wide, hn::Set(d, 0x8000u)));
  return hn::Or(number, hn::BitCast(F32(), sign));
}
HWY_INLINE VH narrow_even(VF value) {
  const U32 d;
  const auto bits = hn::BitCast(d, value);
  const auto magnitude = hn::And(bits, hn::Set(d, 0x7FFFFFFFu));
  const auto odd = hn::And(hn::ShiftRight<13>(magnitude), hn::Set(d, 1u));
  const auto normal =
      hn::ShiftRight<13>(hn::Add(magnitude, hn::Add(odd, hn::Set(d, 0xFFFu - (112u << 23)))));
  // Added to 0.5, a number below 2^-14 is rounded to units of 2^-24 in the lowest bits.
  const auto shifted = hn::Add(hn::BitCast(F32(), magnitude), hn::Set(F32(), 0.5f));
  const auto small = hn::Sub(hn::BitCast(d, shifted), hn::Set(d, 0x3F000000u));
  const auto special = hn::IfThenElse(hn::Gt(magnitude, hn::Set(d, 0x7F800000u)),
                                      hn::Set(d, 0x7E00u), hn::Set(d, 0x7C00u));
  auto result = hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0x38800000u)), small, normal);
  result = hn::IfThenElse(hn::Gt(magnitude, hn::Set(d, 0x477FFFFFu)), special, result);
  result = hn::Or(result, hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 0x8000u)));
  // Signed for the narrowing, which saturates.
  const hn::RebindToSigned<U32> di;
  const auto low = hn::ShiftRight<16>(hn::ShiftLeft<16>(hn::BitCast(di, result)));
  return hn::BitCast(U16(), hn::DemoteTo(hn::Rebind<int16_t, F32>(), low));
}
#endif
HWY_INLINE VF load_half(const uint16_t* from) {
  return widen(load_half_bits(from));
}
HWY_INLINE VF load(const uint16_t* from) {
  return load_half(from);
}
HWY_INLINE VF load(const float* from) {
  return hn::LoadU(F32(), from);
}

/// To nearest, ties away from zero, for values that are exact sums, differences or products of two
/// halves (or whose ties do not matter). One unit of float32's last place more decides the ties,
/// and never reaches the next one, which is at least two units away. 0.75 to 1.5 units are added
/// and rounded to one; 0 stays 0, where adding to its bits would make a subnormal number, which
/// costs the conversion a hundred times its time.
HWY_INLINE VH narrow_away(VF value) {
  return narrow_even(hn::MulAdd(value, hn::Set(F32(), 1.5f * 0x1p-24f), value));
}

/// A lane has exponent 31: infinity, NaN, or beyond the finite range. Such vectors take the plain
/// way.
HWY_INLINE bool any_outside(VH bits) {
  const U16 d;
  const auto exponent = hn::Set(d, uint16_t{0x7C00});
  return !hn::AllFalse(d, hn::Eq(hn::And(bits, exponent), exponent));
}

}  // namespace HWY_NAMESPACE
}  // namespace qnn_host
HWY_AFTER_NAMESPACE();

#endif  // RWKV_HALF_INL_H_
