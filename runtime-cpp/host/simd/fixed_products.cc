// Exact products of 16-bit integers with weights of 8 and 4 bits.
//
// Pairs of products accumulate in 32 bits for as long as they cannot overflow, then in 64. Weights
// of 4 bits meet x by fours: 16 bits hold four of them, which shifts bring to the top, where their
// sign is, one after the other; so x lies as four planes, of every fourth number.

#include "fixed_products.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cstring>

#include "numerics/fixed_point.h"
#include "short_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/fixed_products.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qnn_host {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

int32_t weight_at(const FixedRows& w, size_t row, size_t k) {
  const size_t i = row * w.depth + k;
  if (w.form == FixedForm::kBytes) return static_cast<int8_t>(w.data[i]);
  const int32_t weight = ((w.data[i / 2] >> (i % 2 * 4) & 15) ^ 8) - 8;
  return w.form == FixedForm::kBlocks ? weight * w.block_scales[i / w.block] : weight;
}

void multiply_any(const FixedRows& weights, size_t first, size_t count, const int16_t* x,
                  size_t x_step, size_t rows, int64_t* sums) {
  const size_t planes = weights.form == FixedForm::kBytes ? 1 : 4;
  for (size_t t = 0; t < rows; ++t, x += x_step) {
    for (size_t i = 0; i < count; ++i) {
      int64_t sum = 0;
      for (size_t k = 0; k < weights.depth; ++k)
        sum += x[k % planes * (x_step / planes) + k / planes] * weight_at(weights, first + i, k);
      *sums++ = sum;
    }
  }
}

#else

#define QNN_HOST_UNROLL _Pragma("GCC unroll 8")

using I16 = hn::ScalableTag<int16_t>;
using I32 = hn::ScalableTag<int32_t>;
using I64 = hn::ScalableTag<int64_t>;
using VI16 = hn::Vec<I16>;
using VI32 = hn::Vec<I32>;
using VI64 = hn::Vec<I64>;

constexpr size_t kPage = 4096;
constexpr size_t kAhead = 8192;
constexpr size_t kShortRow = 256;
/// Vectors of x after which sums are moved to 64 bits: a lane takes two products a vector, each up
/// to 2^15 times 2^7 in magnitude; 4 bits without blocks are four vectors of a sixteenth of that.
constexpr size_t kFlush = 64;

/// Moved to 64 bits: no lane is lost, the order of lanes is.
HWY_INLINE VI64 widen(VI32 low, VI32 high) {
  const I64 d;
  const hn::Half<I32> half;
  const VI32 sums = hn::RearrangeToOddPlusEven(low, high);
  return hn::Add(hn::PromoteTo(d, hn::LowerHalf(half, sums)),
                 hn::PromoteTo(d, hn::UpperHalf(half, sums)));
}

/// Sums of neighbours: those of `a`, then those of `b`.
HWY_INLINE VI64 add_pairs(VI64 a, VI64 b) {
  const I64 d;
  return hn::Add(hn::ConcatEven(d, b, a), hn::ConcatOdd(d, b, a));
}

/// The sum of each vector's lanes. Rows are short and end often: vectors are summed by fours.
template <size_t kCount>
HWY_INLINE void sum_lanes(const VI64* vectors, int64_t* sums) {
  const I64 d;
  constexpr size_t kLanes = hn::MaxLanes(I64());
  if constexpr (kCount % 4 == 0 && (kLanes == 4 || kLanes == 8)) {
    QNN_HOST_UNROLL for (size_t i = 0; i < kCount; i += 4) {
      const VI64 four = add_pairs(add_pairs(vectors[i], vectors[i + 1]),
                                  add_pairs(vectors[i + 2], vectors[i + 3]));
      if constexpr (kLanes == 8) {
        const hn::Half<I64> half;
        hn::StoreU(hn::LowerHalf(half, add_pairs(four, four)), half, sums + i);
      } else {
        hn::StoreU(four, d, sums + i);
      }
    }
  } else {
    QNN_HOST_UNROLL for (size_t i = 0; i < kCount; ++i) sums[i] =
        hn::GetLane(hn::SumOfLanes(d, vectors[i]));
  }
}

/// The weights that meet one vector of each plane of x.
template <FixedForm form>
struct Decoded {
  static constexpr size_t kPlanes = form == FixedForm::kBytes ? 1 : 4;
  // Written out, so that it is compiled for the instruction set that its vectors are of.
  HWY_INLINE Decoded() {}
  VI16 planes[kPlanes];
};

/// Bytes of weights that one vector of each plane meets.
template <FixedForm form>
HWY_INLINE size_t vector_bytes() {
  return hn::Lanes(I16()) * (form == FixedForm::kBytes ? 1 : 2);
}

/// Sixteen times the scales of the blocks that a vector of fours lies in.
HWY_INLINE VI16 scales_of(const uint8_t* scales, hn::Vec<hn::ScalableTag<uint8_t> > places) {
  uint64_t eight;
  std::memcpy(&eight, scales, sizeof eight);
  const hn::ScalableTag<uint8_t> d8;
  const auto bytes = hn::BitCast(d8, hn::Set(hn::ScalableTag<uint64_t>(), eight));
  return hn::ShiftLeft<4>(hn::BitCast(I16(), hn::TableLookupBytesOr0(bytes, places)));
}

template <FixedForm form>
HWY_INLINE void decode(const uint8_t* from, const uint8_t* scales,
                       hn::Vec<hn::ScalableTag<uint8_t> > places, Decoded<form>& to) {
  const I16 d;
  if constexpr (form == FixedForm::kBytes) {
    const hn::Rebind<int8_t, I16> d8;
    to.planes[0] = hn::PromoteTo(d, hn::LoadU(d8, reinterpret_cast<const int8_t*>(from)));
    return;
  } else {
    const auto fours = hn::LoadU(d, reinterpret_cast<const int16_t*>(from));
    const VI16 tops[4] = {hn::ShiftLeft<12>(fours), hn::ShiftLeft<8>(fours),
                          hn::ShiftLeft<4>(fours), fours};
    if constexpr (form == FixedForm::kNibbles) {
      QNN_HOST_UNROLL for (size_t p = 0; p < 4; ++p) to.planes[p] = hn::ShiftRight<12>(tops[p]);
    } else {
      // (4096 w) (16 s) 2^-16
      const auto times = scales_of(scales, places);
      const auto top = hn::Set(d, static_cast<int16_t>(-4096));
      QNN_HOST_UNROLL for (size_t p = 0; p < 4; ++p) to.planes[p] =
          hn::MulHigh(hn::And(tops[p], top), times);
    }
  }
}

/// Of kBlocks: for each lane of 16 bits, which of the scales from the vector's first block on, as
/// TableLookupBytesOr0 wants it; and the block's size as a power of two.
struct BlocksOfLanes {
  explicit BlocksOfLanes(const FixedRows& weights) {
    std::memset(places, 0x80, sizeof places);
    if (weights.form != FixedForm::kBlocks) return;
    while ((weights.block >> shift) > 1) ++shift;
    const size_t fours = weights.block / 4, lanes = hn::Lanes(I16());
    for (size_t i = 0; i < lanes; ++i)
      places[2 * i] = static_cast<uint8_t>(fours >= lanes ? 0 : i / fours);
  }
  HWY_ALIGN uint8_t places[HWY_MAX_BYTES];
  size_t shift = 0;
};

/// kRows rows of weights, `row_step` apart, with kX rows of x.
template <FixedForm form, size_t kRows, size_t kX>
HWY_INLINE void multiply_some(const FixedRows& weights, const BlocksOfLanes& blocks_of_lanes,
                              size_t first, size_t row_step, size_t ahead, const int16_t* x,
                              size_t x_step, int64_t* sums, size_t sum_step) {
  const I16 d;
  const I32 d32;
  [[maybe_unused]] const size_t lanes = hn::Lanes(d);  // not of vectors of a fixed size
  const size_t step = vector_bytes<form>();
  constexpr size_t kPlanes = Decoded<form>::kPlanes;
  const size_t row_bytes = weights.row_bytes();
  const size_t plane = x_step / kPlanes;
  const uint8_t* rows[kRows];
  const uint8_t* scales[kRows];
  const size_t blocks = form == FixedForm::kBlocks ? weights.depth / weights.block : 0;
  QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) {
    rows[r] = weights.data + (first + r * row_step) * row_bytes;
    scales[r] = weights.block_scales + (first + r * row_step) * blocks;
  }
  const auto places = hn::Load(hn::ScalableTag<uint8_t>(), blocks_of_lanes.places);
  VI64 totals[kRows * kX];
  QNN_HOST_UNROLL for (size_t i = 0; i < kRows * kX; ++i) totals[i] = hn::Zero(I64());
  const size_t whole = row_bytes / step * step;
  for (size_t at = 0; at < row_bytes;) {
    VI32 low[kRows][kX], high[kRows][kX];
    QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) {
      QNN_HOST_UNROLL for (size_t t = 0; t < kX; ++t) low[r][t] = high[r][t] = hn::Zero(d32);
    }
    const auto meet = [&](size_t r, const uint8_t* from, size_t place) HWY_ATTR {
      Decoded<form> decoded;
      // Four numbers to two bytes: of kBlocks, the block that the vector begins in.
      decode<form>(
          from, scales[r] + (form == FixedForm::kBlocks ? place * 2 >> blocks_of_lanes.shift : 0),
          places, decoded);
      const size_t lane = form == FixedForm::kBytes ? place : place / 2;
      QNN_HOST_UNROLL for (size_t t = 0; t < kX; ++t) {
        QNN_HOST_UNROLL for (size_t p = 0; p < kPlanes; ++p) low[r][t] =
            hn::ReorderWidenMulAccumulate(d32, hn::LoadU(d, x + t * x_step + p * plane + lane),
                                          decoded.planes[p], low[r][t], high[r][t]);
      }
    };
    constexpr size_t kVectors = form == FixedForm::kBlocks ? kFlush / 4 : kFlush;
    const size_t end = std::min(whole, at + kVectors * step);
    for (; at < end; at += step) {
      QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) {
        hwy::Prefetch(rows[r] + at + ahead);
        meet(r, rows[r] + at, at);
      }
    }
    if (at == whole && at < row_bytes) {
      // What is behind the row is not read, and x is zero there.
      HWY_ALIGN uint8_t last[HWY_MAX_BYTES];
      QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) {
        std::memset(last, 0, sizeof last);
        std::memcpy(last, rows[r] + at, row_bytes - at);
        meet(r, last, at);
      }
      at = row_bytes;
    }
    QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) {
      QNN_HOST_UNROLL for (size_t t = 0; t < kX; ++t) totals[r * kX + t] =
          hn::Add(totals[r * kX + t], widen(low[r][t], high[r][t]));
    }
  }
  int64_t lanes_summed[kRows * kX];
  sum_lanes<kRows * kX>(totals, lanes_summed);
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t t = 0; t < kX; ++t) sums[t * sum_step + r * row_step] = lanes_summed[r * kX + t];
  }
}

template <FixedForm form, size_t kX>
HWY_INLINE void multiply_rows(const FixedRows& weights, const BlocksOfLanes& blocks_of_lanes,
                              size_t first, size_t count, const int16_t* x, size_t x_step,
                              int64_t* sums, size_t sum_step) {
  // With many accumulators, fewer rows: as many as there are registers.
  constexpr size_t kRows = kX > 2 ? 2 : 4;
  const size_t row_bytes = weights.row_bytes();
  // Rows that are read at once lie in pages of their own: the hardware follows one stream a page.
  const size_t apart = row_bytes < kShortRow ? 1 : (kPage + row_bytes - 1) / row_bytes;
  const size_t group = kRows * apart, group_bytes = group * row_bytes;
  const size_t ahead =
      row_bytes > kPage ? kPage : (kAhead + group_bytes - 1) / group_bytes * group_bytes;
  size_t i = 0;
  for (; i + group <= count; i += group) {
    for (size_t j = 0; j < apart; ++j)
      multiply_some<form, kRows, kX>(weights, blocks_of_lanes, first + i + j, apart, ahead, x,
                                     x_step, sums + i + j, sum_step);
  }
  for (; i + kRows <= count; i += kRows)
    multiply_some<form, kRows, kX>(weights, blocks_of_lanes, first + i, 1, kRows * row_bytes, x,
                                   x_step, sums + i, sum_step);
  for (; i < count; ++i)
    multiply_some<form, 1, kX>(weights, blocks_of_lanes, first + i, 1, row_bytes, x, x_step,
                               sums + i, sum_step);
}

template <FixedForm form>
void multiply_form(const FixedRows& weights, size_t first, size_t count, const int16_t* x,
                   size_t x_step, size_t rows, int64_t* sums) {
  const BlocksOfLanes blocks_of_lanes(weights);
  size_t t = 0;
  for (; t + 4 <= rows; t += 4)
    multiply_rows<form, 4>(weights, blocks_of_lanes, first, count, x + t * x_step, x_step,
                           sums + t * count, count);
  for (; t < rows; ++t)
    multiply_rows<form, 1>(weights, blocks_of_lanes, first, count, x + t * x_step, x_step,
                           sums + t * count, count);
}

void multiply_any(const FixedRows& weights, size_t first, size_t count, const int16_t* x,
                  size_t x_step, size_t rows, int64_t* sums) {
  switch (weights.form) {
    case FixedForm::kBytes:
      return multiply_form<FixedForm::kBytes>(weights, first, count, x, x_step, rows, sums);
    case FixedForm::kNibbles:
      return multiply_form<FixedForm::kNibbles>(weights, first, count, x, x_step, rows, sums);
    case FixedForm::kBlocks:
      return multiply_form<FixedForm::kBlocks>(weights, first, count, x, x_step, rows, sums);
  }
}

#endif  // HWY_SCALAR

using F64 = hn::ScalableTag<double>;

void finish_all(const int64_t* sums, const double* addends, const double* multipliers,
                int32_t y_offset, size_t count, uint16_t* y) {
  const F64 d;
  const hn::Rebind<int64_t, F64> d64;
  const hn::Rebind<int32_t, F64> d32;
  const hn::Rebind<uint16_t, F64> d16;
  const auto half = hn::Set(d, 0.5), zero = hn::Zero(d), most = hn::Set(d, 65535.0);
  const auto offset = hn::Set(d, static_cast<double>(y_offset));
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto sum = hn::ConvertTo(d, hn::ShiftRight<8>(hn::LoadU(d64, sums + i)));
    const auto acc = hn::Add(sum, hn::LoadU(d, addends + i));
    const auto scaled = hn::Mul(acc, hn::LoadU(d, multipliers + i));
    const auto nearest = hn::Sub(hn::Floor(hn::Add(scaled, half)), offset);
    const auto clamped = hn::Max(zero, hn::Min(nearest, most));
    hn::StoreU(hn::DemoteTo(d16, hn::DemoteTo(d32, clamped)), d16, y + i);
  }
  for (; i < count; ++i)
    y[i] = fixed_linear_result(sums[i], {addends[i], multipliers[i]}, y_offset);
}

/// As many of x's numbers, less 32768, as fill vectors; in one plane or in four. Gives how many.
size_t arrange_vectors(const uint16_t* x, size_t depth, size_t planes, size_t plane, int16_t* to) {
  size_t k = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<uint16_t> d;
  const size_t lanes = hn::Lanes(d);
  const auto sign = hn::Set(d, uint16_t{0x8000});
  auto* out = reinterpret_cast<uint16_t*>(to);
  if (planes == 1) {
    for (; k + lanes <= depth; k += lanes)
      hn::StoreU(hn::Xor(hn::LoadU(d, x + k), sign), d, out + k);
    return k;
  }
  for (; k + 4 * lanes <= depth; k += 4 * lanes) {
    hn::Vec<decltype(d)> a, b, c, e;
    hn::LoadInterleaved4(d, x + k, a, b, c, e);
    hn::StoreU(hn::Xor(a, sign), d, out + k / 4);
    hn::StoreU(hn::Xor(b, sign), d, out + plane + k / 4);
    hn::StoreU(hn::Xor(c, sign), d, out + 2 * plane + k / 4);
    hn::StoreU(hn::Xor(e, sign), d, out + 3 * plane + k / 4);
  }
#else
  (void)x, (void)depth, (void)planes, (void)plane, (void)to;
#endif
  return k;
}

}  // namespace HWY_NAMESPACE
}  // namespace qnn_host
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qnn_host {

HWY_EXPORT(multiply_any);
HWY_EXPORT(finish_all);
HWY_EXPORT(arrange_vectors);

namespace {

/// Lanes of 16 bits of the widest vectors: x is padded to a multiple of it.
constexpr uint64_t kMostLanes = 32;

uint64_t planes_of(const FixedRows& weights) {
  return weights.form == FixedForm::kBytes ? 1 : 4;
}
uint64_t plane_size(const FixedRows& weights) {
  const uint64_t numbers = weights.depth / planes_of(weights);
  return (numbers + kMostLanes - 1) / kMostLanes * kMostLanes;
}

/// `at(i)` for the numbers from the first one that is not arranged yet; zeros behind the last.
template <typename At>
void arrange_rest(const FixedRows& weights, uint64_t done, int16_t* to, At at) {
  const uint64_t planes = planes_of(weights), size = plane_size(weights);
  const uint64_t numbers = weights.depth / planes;
  for (uint64_t p = 0; p < planes; ++p) {
    int16_t* plane = to + p * size;
    for (uint64_t i = done / planes; i < numbers; ++i) plane[i] = at(i * planes + p);
    std::fill(plane + numbers, plane + size, int16_t{0});
  }
}

}  // namespace

uint64_t fixed_operand_size(const FixedRows& weights) {
  return planes_of(weights) * plane_size(weights);
}
void arrange_fixed(const FixedRows& weights, const uint16_t* x, int16_t* to) {
  const uint64_t done = HWY_DYNAMIC_DISPATCH(arrange_vectors)(x, weights.depth, planes_of(weights),
                                                              plane_size(weights), to);
  arrange_rest(weights, done, to, [x](uint64_t i) { return static_cast<int16_t>(x[i] ^ 0x8000); });
}
void arrange_ones(const FixedRows& weights, int16_t* to) {
  arrange_rest(weights, 0, to, [](uint64_t) { return int16_t{1}; });
}
void multiply_fixed(const FixedRows& weights, uint64_t first, uint64_t count, const int16_t* x,
                    uint64_t rows, int64_t* sums) {
  const uint64_t x_step = fixed_operand_size(weights);
  const uint64_t done = rows == 1 ? multiply_short_rows(weights, first, count, x, x_step, sums) : 0;
  HWY_DYNAMIC_DISPATCH(multiply_any)
  (weights, first + done, count - done, x, x_step, rows, sums + done);
}
void finish_fixed(const int64_t* sums, const double* addends, const double* multipliers,
                  int32_t y_offset, uint64_t count, uint16_t* y) {
  HWY_DYNAMIC_DISPATCH(finish_all)(sums, addends, multipliers, y_offset, count, y);
}

}  // namespace qnn_host
#endif  // HWY_ONCE
