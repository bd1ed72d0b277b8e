#include "convert.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/convert.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "half-inl.h"
#include "numerics/float16.h"

HWY_BEFORE_NAMESPACE();
namespace qnn_host {
namespace HWY_NAMESPACE {

void widen_halves(const uint16_t* from, float* to, size_t count) {
  const size_t lanes = hn::Lanes(F32());
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(load_half(from + i), F32(), to + i);
  for (; i < count; ++i) to[i] = static_cast<float>(ieee_value(from[i]));
}

/// Narrows one vector's worth through memory, so that what is behind the end is not touched.
template <typename Narrow>
HWY_INLINE bool narrow_all(const float* from, uint16_t* to, size_t count, Narrow narrow) {
  const U16 d;
  const size_t lanes = hn::Lanes(d);
  const auto mask = hn::Set(d, uint16_t{0x7FFF});
  auto largest = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto bits = narrow(hn::LoadU(F32(), from + i));
    largest = hn::Max(largest, hn::And(bits, mask));
    hn::StoreU(bits, d, to + i);
  }
  if (i < count) {
    HWY_ALIGN float last[HWY_MAX_BYTES / 4] = {};
    HWY_ALIGN uint16_t bits[HWY_MAX_BYTES / 4];
    for (size_t j = i; j < count; ++j) last[j - i] = from[j];
    const auto narrowed = narrow(hn::LoadU(F32(), last));
    largest = hn::Max(largest, hn::And(narrowed, mask));
    hn::StoreU(narrowed, d, bits);
    for (size_t j = i; j < count; ++j) to[j] = bits[j - i];
  }
  return any_outside(largest);
}

bool narrow_halves(const float* from, uint16_t* to, size_t count) {
  return narrow_all(from, to, count, [](VF value) HWY_ATTR { return narrow_even(value); });
}
bool narrow_halves_away(const float* from, uint16_t* to, size_t count) {
  return narrow_all(from, to, count, [](VF value) HWY_ATTR { return narrow_away(value); });
}

#if HWY_TARGET != HWY_SCALAR
/// Four rows of four.
HWY_INLINE void transpose_four(const float* from, size_t from_stride, float* to, size_t to_stride) {
  const hn::FixedTag<float, 4> d;
  const auto a = hn::LoadU(d, from), b = hn::LoadU(d, from + from_stride);
  const auto c = hn::LoadU(d, from + 2 * from_stride), e = hn::LoadU(d, from + 3 * from_stride);
  const auto ac = hn::InterleaveLower(d, a, c), be = hn::InterleaveLower(d, b, e);
  const auto ac_high = hn::InterleaveUpper(d, a, c), be_high = hn::InterleaveUpper(d, b, e);
  hn::StoreU(hn::InterleaveLower(d, ac, be), d, to);
  hn::StoreU(hn::InterleaveUpper(d, ac, be), d, to + to_stride);
  hn::StoreU(hn::InterleaveLower(d, ac_high, be_high), d, to + 2 * to_stride);
  hn::StoreU(hn::InterleaveUpper(d, ac_high, be_high), d, to + 3 * to_stride);
}
constexpr size_t kTransposed = 4;
#else
HWY_INLINE void transpose_four(const float* from, size_t, float* to, size_t) {
  *to = *from;
}
constexpr size_t kTransposed = 1;
#endif

void transpose_floats(const float* from, size_t from_stride, size_t rows, size_t columns, float* to,
                      size_t to_stride) {
  const size_t whole_rows = rows - rows % kTransposed;
  size_t j = 0;
  for (; j + kTransposed <= columns; j += kTransposed) {
    for (size_t i = 0; i < whole_rows; i += kTransposed)
      transpose_four(from + i * from_stride + j, from_stride, to + j * to_stride + i, to_stride);
    for (size_t i = whole_rows; i < rows; ++i) {
      for (size_t k = j; k < j + kTransposed; ++k)
        to[k * to_stride + i] = from[i * from_stride + k];
    }
  }
  for (; j < columns; ++j) {
    for (size_t i = 0; i < rows; ++i) to[j * to_stride + i] = from[i * from_stride + j];
  }
}

bool halves_outside(const uint16_t* values, size_t count) {
  const hn::ScalableTag<uint16_t> d;
  const size_t lanes = hn::Lanes(d);
  const auto mask = hn::Set(d, uint16_t{0x7C00});
  auto found = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    found = hn::Max(found, hn::And(hn::LoadU(d, values + i), mask));
  if (!hn::AllFalse(d, hn::Eq(found, mask))) return true;
  for (; i < count; ++i) {
    if ((values[i] & 0x7C00) == 0x7C00) return true;
  }
  return false;
}

bool floats_outside(const float* values, size_t count) {
  const hn::ScalableTag<uint32_t> d;
  const size_t lanes = hn::Lanes(d);
  const auto mask = hn::Set(d, 0x7F800000u);
  const auto* bits = reinterpret_cast<const uint32_t*>(values);
  auto found = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    found = hn::Max(found, hn::And(hn::LoadU(d, bits + i), mask));
  if (!hn::AllFalse(d, hn::Eq(found, mask))) return true;
  for (; i < count; ++i) {
    if (!(values[i] - values[i] == 0.0f)) return true;
  }
  return false;
}

}  // namespace HWY_NAMESPACE
}  // namespace qnn_host
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qnn_host {

HWY_EXPORT(widen_halves);
HWY_EXPORT(narrow_halves);
HWY_EXPORT(narrow_halves_away);
HWY_EXPORT(transpose_floats);
HWY_EXPORT(halves_outside);
HWY_EXPORT(floats_outside);

void widen_run(const uint16_t* from, float* to, uint64_t count) {
  HWY_DYNAMIC_DISPATCH(widen_halves)(from, to, count);
}
bool narrow_run(const float* from, uint16_t* to, uint64_t count) {
  return HWY_DYNAMIC_DISPATCH(narrow_halves)(from, to, count);
}
bool narrow_away_run(const float* from, uint16_t* to, uint64_t count) {
  return HWY_DYNAMIC_DISPATCH(narrow_halves_away)(from, to, count);
}
void transpose(const float* from, uint64_t from_stride, uint64_t rows, uint64_t columns, float* to,
               uint64_t to_stride) {
  HWY_DYNAMIC_DISPATCH(transpose_floats)(from, from_stride, rows, columns, to, to_stride);
}
bool outside_range(const uint16_t* values, uint64_t count) {
  return HWY_DYNAMIC_DISPATCH(halves_outside)(values, count);
}
bool outside_range(const float* values, uint64_t count) {
  return HWY_DYNAMIC_DISPATCH(floats_outside)(values, count);
}

}  // namespace qnn_host
#endif  // HWY_ONCE
