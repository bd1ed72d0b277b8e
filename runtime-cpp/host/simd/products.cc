#include "products.h"

#include <hwy/cache_control.h>

#include "numerics/float16.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/products.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qnn_host {
namespace HWY_NAMESPACE {

HWY_INLINE float scalar(const uint16_t* from) {
  return static_cast<float>(ieee_value(*from));
}
HWY_INLINE float scalar(const float* from) {
  return *from;
}

// Loops over registers: unrolled wholly, or their arrays would lie in memory.
#define QNN_HOST_UNROLL _Pragma("GCC unroll 8")

/// Bytes ahead of the reading, at least, that memory is asked for: the hardware's own prefetching
/// stops at each page.
constexpr size_t kAhead = 8192;
constexpr size_t kPage = 4096;
constexpr size_t kShortRow = 1024;

/// out[r * out_step] for kRows rows at `stride`; memory is asked for `ahead` bytes before it is
/// read.
template <size_t kRows, typename T>
HWY_INLINE void dot_some_rows(const T* rows, size_t stride, size_t n, size_t ahead, const float* x,
                              float* out, size_t out_step) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  VF sums[kRows], more[kRows];
  QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) sums[r] = more[r] = hn::Zero(d);
  size_t k = 0;
  const auto part = [&](size_t end, size_t ahead) HWY_ATTR {
    for (; k + 2 * lanes <= end; k += 2 * lanes) {
      const auto x0 = hn::LoadU(d, x + k), x1 = hn::LoadU(d, x + k + lanes);
      QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) {
        const T* row = rows + r * stride + k;
        hwy::Prefetch(reinterpret_cast<const uint8_t*>(row) + ahead);
        sums[r] = hn::MulAdd(load(row), x0, sums[r]);
        more[r] = hn::MulAdd(load(row + lanes), x1, more[r]);
      }
    }
  };
  // Of long rows, the next page; at their last one, the first page of rows to come.
  constexpr size_t kPart = kPage / sizeof(T);
  const size_t last = n > kPart ? n - kPart : 0;
  part(last, kPage);
  part(n, ahead - last * sizeof(T));
  for (; k + lanes <= n; k += lanes) {
    const auto x0 = hn::LoadU(d, x + k);
    QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) sums[r] =
        hn::MulAdd(load(rows + r * stride + k), x0, sums[r]);
  }
  QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) out[r * out_step] =
      hn::GetLane(hn::SumOfLanes(d, hn::Add(sums[r], more[r])));
  for (; k < n; ++k) {
    for (size_t r = 0; r < kRows; ++r) out[r * out_step] += scalar(rows + r * stride + k) * x[k];
  }
}

template <typename T>
void dot_all_rows(const T* rows, size_t stride, size_t count, size_t n, const float* x,
                  float* out) {
  constexpr size_t kRows = 4;
  const size_t row_bytes = stride * sizeof(T);
  // Rows that are read at once lie in pages of their own: the hardware follows one stream a page.
  // Very short ones make one stream together.
  const size_t apart = row_bytes < kShortRow ? 1 : (kPage + row_bytes - 1) / row_bytes;
  const size_t group = kRows * apart, group_bytes = group * row_bytes;
  const size_t ahead = (kAhead + group_bytes - 1) / group_bytes * group_bytes;
  size_t i = 0;
  for (; i + group <= count; i += group) {
    for (size_t j = 0; j < apart; ++j)
      dot_some_rows<kRows>(rows + (i + j) * stride, apart * stride, n, ahead, x, out + i + j,
                           apart);
  }
  for (; i + kRows <= count; i += kRows)
    dot_some_rows<kRows>(rows + i * stride, stride, n, kRows * row_bytes, x, out + i, 1);
  for (; i < count; ++i) dot_some_rows<1>(rows + i * stride, stride, n, row_bytes, x, out + i, 1);
}

void dot_half_rows(const uint16_t* rows, size_t stride, size_t count, size_t n, const float* x,
                   float* out) {
  dot_all_rows(rows, stride, count, n, x, out);
}
void dot_float_rows(const float* rows, size_t stride, size_t count, size_t n, const float* x,
                    float* out) {
  dot_all_rows(rows, stride, count, n, x, out);
}

template <typename T>
void add_all_rows(const float* a, const T* rows, size_t stride, size_t count, size_t n,
                  float* out) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  size_t j = 0;
  for (; j + 4 * lanes <= n; j += 4 * lanes) {
    VF sums[4];
    QNN_HOST_UNROLL for (size_t v = 0; v < 4; ++v) sums[v] = hn::LoadU(d, out + j + v * lanes);
    for (size_t k = 0; k < count; ++k) {
      const auto factor = hn::Set(d, a[k]);
      QNN_HOST_UNROLL for (size_t v = 0; v < 4; ++v) sums[v] =
          hn::MulAdd(factor, load(rows + k * stride + j + v * lanes), sums[v]);
    }
    QNN_HOST_UNROLL for (size_t v = 0; v < 4; ++v) hn::StoreU(sums[v], d, out + j + v * lanes);
  }
  for (; j + lanes <= n; j += lanes) {
    auto sum = hn::LoadU(d, out + j);
    for (size_t k = 0; k < count; ++k)
      sum = hn::MulAdd(hn::Set(d, a[k]), load(rows + k * stride + j), sum);
    hn::StoreU(sum, d, out + j);
  }
  for (; j < n; ++j) {
    for (size_t k = 0; k < count; ++k) out[j] += a[k] * scalar(rows + k * stride + j);
  }
}

void add_half_rows(const float* a, const uint16_t* rows, size_t stride, size_t count, size_t n,
                   float* out) {
  add_all_rows(a, rows, stride, count, n, out);
}
void add_float_rows(const float* a, const float* rows, size_t stride, size_t count, size_t n,
                    float* out) {
  add_all_rows(a, rows, stride, count, n, out);
}

// -------------------------------------------------------------------------------------- measuring

/// Four pages at once, as the products read their rows: faster than one stream.
uint64_t read_all(const uint8_t* data, size_t bytes) {
  const hn::ScalableTag<uint64_t> d;
  const size_t step = hn::Lanes(d) * sizeof(uint64_t);
  auto a = hn::Zero(d), b = a, c = a, e = a;
  const auto from = [d](const uint8_t* at)
                        HWY_ATTR { return hn::LoadU(d, reinterpret_cast<const uint64_t*>(at)); };
  for (size_t i = 0; i + 4 * kPage <= bytes; i += 4 * kPage) {
    const uint8_t* at = data + i;
    for (size_t line = 0; line < kPage; line += 64, at += 64) {
      for (size_t page = 0; page < 4; ++page) hwy::Prefetch(at + page * kPage + 4 * kPage);
      for (size_t byte = 0; byte < 64; byte += step) {
        a = hn::Add(a, from(at + byte));
        b = hn::Add(b, from(at + byte + kPage));
        c = hn::Add(c, from(at + byte + 2 * kPage));
        e = hn::Add(e, from(at + byte + 3 * kPage));
      }
    }
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e))));
}

}  // namespace HWY_NAMESPACE
}  // namespace qnn_host
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qnn_host {

HWY_EXPORT(dot_half_rows);
HWY_EXPORT(dot_float_rows);
HWY_EXPORT(add_half_rows);
HWY_EXPORT(add_float_rows);
HWY_EXPORT(read_all);

void dot_rows(const uint16_t* rows, uint64_t stride, uint64_t count, uint64_t n, const float* x,
              float* out) {
  HWY_DYNAMIC_DISPATCH(dot_half_rows)(rows, stride, count, n, x, out);
}
void dot_rows(const float* rows, uint64_t stride, uint64_t count, uint64_t n, const float* x,
              float* out) {
  HWY_DYNAMIC_DISPATCH(dot_float_rows)(rows, stride, count, n, x, out);
}
void add_rows(const float* a, const uint16_t* rows, uint64_t stride, uint64_t count, uint64_t n,
              float* out) {
  HWY_DYNAMIC_DISPATCH(add_half_rows)(a, rows, stride, count, n, out);
}
void add_rows(const float* a, const float* rows, uint64_t stride, uint64_t count, uint64_t n,
              float* out) {
  HWY_DYNAMIC_DISPATCH(add_float_rows)(a, rows, stride, count, n, out);
}
uint64_t read_memory(const uint8_t* data, uint64_t bytes) {
  return HWY_DYNAMIC_DISPATCH(read_all)(data, bytes);
}

}  // namespace qnn_host
#endif  // HWY_ONCE
