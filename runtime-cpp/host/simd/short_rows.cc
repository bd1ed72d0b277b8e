// Rows of 4-bit weights that are shorter than a vector, as small layers have them: a vector is read
// over several rows, and x stands in its registers once for each of them. Weights and planes of x
// as in fixed_products.cc; the sums of products of a row lie in blocks of 128 bits.

#include "short_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/short_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qnn_host {
namespace HWY_NAMESPACE {

// Elsewhere vectors have one block, or products leave their sums in another order.
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86

using I16 = hn::ScalableTag<int16_t>;
using I32 = hn::ScalableTag<int32_t>;

constexpr size_t kBlock = 16;  ///< bytes

/// Rows of kBlocks blocks.
template <size_t kBlocks>
size_t multiply_vectors(const uint8_t* from, size_t count, const int16_t* x, size_t plane,
                        int64_t* sums) {
  const I16 d;
  const I32 d32;
  constexpr size_t kRows = hn::MaxLanes(d) * sizeof(int16_t) / (kBlocks * kBlock);
  hn::Vec<I16> planes[4];
  for (size_t p = 0; p < 4; ++p) {
    HWY_ALIGN int16_t copies[hn::MaxLanes(d)];
    for (size_t i = 0; i < hn::MaxLanes(d); ++i)
      copies[i] = x[p * plane + i % (kBlocks * kBlock / sizeof(int16_t))];
    planes[p] = hn::Load(d, copies);
  }
  size_t done = 0;
  for (; done + kRows <= count; done += kRows, from += kRows * kBlocks * kBlock, sums += kRows) {
    const auto fours = hn::LoadU(d, reinterpret_cast<const int16_t*>(from));
    const hn::Vec<I16> weights[4] = {
        hn::ShiftRight<12>(hn::ShiftLeft<12>(fours)), hn::ShiftRight<12>(hn::ShiftLeft<8>(fours)),
        hn::ShiftRight<12>(hn::ShiftLeft<4>(fours)), hn::ShiftRight<12>(fours)};
    auto unused = hn::Zero(d32), sum = unused;
    _Pragma("GCC unroll 4") for (size_t p = 0; p < 4; ++p) sum =
        hn::ReorderWidenMulAccumulate(d32, weights[p], planes[p], sum, unused);
    sum = hn::Add(sum, hn::Shuffle1032(sum));
    sum = hn::Add(sum, hn::Shuffle2301(sum));
    HWY_ALIGN int32_t of_blocks[hn::MaxLanes(d32)];
    hn::Store(sum, d32, of_blocks);
    _Pragma("GCC unroll 4") for (size_t r = 0; r < kRows; ++r) {
      const int32_t* blocks = of_blocks + 4 * kBlocks * r;
      sums[r] = kBlocks == 1 ? blocks[0] : int64_t{blocks[0]} + blocks[4];
    }
  }
  return done;
}

size_t multiply_short(const FixedRows& weights, size_t first, size_t count, const int16_t* x,
                      size_t x_step, int64_t* sums) {
  const size_t row_bytes = weights.row_bytes(), vector_bytes = hn::Lanes(I16()) * sizeof(int16_t);
  if (weights.form != FixedForm::kNibbles || row_bytes >= vector_bytes) return 0;
  const uint8_t* from = weights.data + first * row_bytes;
  if (row_bytes == kBlock) return multiply_vectors<1>(from, count, x, x_step / 4, sums);
  if (row_bytes == 2 * kBlock) return multiply_vectors<2>(from, count, x, x_step / 4, sums);
  return 0;
}

#else

size_t multiply_short(const FixedRows&, size_t, size_t, const int16_t*, size_t, int64_t*) {
  return 0;
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace qnn_host
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qnn_host {

HWY_EXPORT(multiply_short);

uint64_t multiply_short_rows(const FixedRows& weights, uint64_t first, uint64_t count,
                             const int16_t* x, uint64_t x_step, int64_t* sums) {
  return HWY_DYNAMIC_DISPATCH(multiply_short)(weights, first, count, x, x_step, sums);
}

}  // namespace qnn_host
#endif  // HWY_ONCE
