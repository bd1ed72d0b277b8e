// Weights of 8 and 4 bits as the float16 numbers that they stand for beside float16 activations.

#include "fixed_products.h"
#include "numerics/fixed_point.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/fixed_decode.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qnn_host {
namespace HWY_NAMESPACE {

void decode_bytes(const int8_t* from, size_t depth, float scale, uint16_t* to) {
  const hn::Rebind<int8_t, F32> d8;
  const hn::Rebind<int32_t, F32> d32;
  const size_t lanes = hn::Lanes(F32());
  const auto scales = hn::Set(F32(), scale);
  size_t k = 0;
  for (; k + lanes <= depth; k += lanes) {
    const auto whole = hn::ConvertTo(F32(), hn::PromoteTo(d32, hn::LoadU(d8, from + k)));
    hn::StoreU(narrow_away(hn::Mul(whole, scales)), U16(), to + k);
  }
  for (; k < depth; ++k) to[k] = half_weight(from[k], scale);
}

/// By the 16 numbers that there are, their low and their high bytes.
void decode_nibbles(const uint8_t* from, size_t depth, float scale, uint16_t* to) {
  uint16_t numbers[16];
  for (int32_t i = 0; i < 16; ++i) numbers[i] = half_weight((i ^ 8) - 8, scale);
  size_t k = 0;
#if HWY_TARGET != HWY_SCALAR
  HWY_ALIGN uint8_t low_bytes[16], high_bytes[16];
  for (size_t i = 0; i < 16; ++i) {
    low_bytes[i] = static_cast<uint8_t>(numbers[i]);
    high_bytes[i] = static_cast<uint8_t>(numbers[i] >> 8);
  }
  const hn::FixedTag<uint8_t, 16> d;
  const auto low = hn::Load(d, low_bytes), high = hn::Load(d, high_bytes);
  const auto nibble = hn::Set(d, 15);
  for (; k + 32 <= depth; k += 32) {
    const auto bytes = hn::LoadU(d, from + k / 2);
    const auto even = hn::And(bytes, nibble), odd = hn::ShiftRight<4>(bytes);
    uint8_t* out = reinterpret_cast<uint8_t*>(to + k);
    for (const auto index :
         {hn::InterleaveLower(d, even, odd), hn::InterleaveUpper(d, even, odd)}) {
      const auto l = hn::TableLookupBytes(low, index), h = hn::TableLookupBytes(high, index);
      hn::StoreU(hn::InterleaveLower(d, l, h), d, out);
      hn::StoreU(hn::InterleaveUpper(d, l, h), d, out + 16);
      out += 32;
    }
  }
#endif
  for (; k < depth; ++k) to[k] = numbers[from[k / 2] >> (k % 2 * 4) & 15];
}

}  // namespace HWY_NAMESPACE
}  // namespace qnn_host
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qnn_host {

HWY_EXPORT(decode_bytes);
HWY_EXPORT(decode_nibbles);

void decode_row(const FixedRows& weights, uint64_t row, float scale, uint16_t* to) {
  const uint8_t* from = weights.data + row * weights.row_bytes();
  if (weights.form == FixedForm::kBytes) HWY_DYNAMIC_DISPATCH(decode_bytes)
  (reinterpret_cast<const int8_t*>(from), weights.depth, scale, to);
  else HWY_DYNAMIC_DISPATCH(decode_nibbles)(from, weights.depth, scale, to);
}

}  // namespace qnn_host
#endif  // HWY_ONCE
