#include "products.h"

#include <hwy/cache_control.h>

#include "numerics/float16.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/product_blocks.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qnn_host {
namespace HWY_NAMESPACE {

// Loops over registers: unrolled wholly, or their arrays would lie in memory.
#define QNN_HOST_UNROLL _Pragma("GCC unroll 8")

HWY_INLINE float scalar(const uint16_t* from) {
  return static_cast<float>(ieee_value(*from));
}

/// Rows that are multiplied at once; their numbers, widened, and the sums stay in registers and the
/// nearest cache.
constexpr size_t kRowBlock = 6;
constexpr size_t kDepth = 64;

/// Adds kRows x (kVectors * lanes) sums to `out`.
template <size_t kRows, size_t kVectors>
HWY_INLINE void multiply_tile(const float* rows, size_t depth, const float* x, float* out) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  VF sums[kRows][kVectors];
  QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) {
    QNN_HOST_UNROLL for (size_t v = 0; v < kVectors; ++v) sums[r][v] =
        hn::LoadU(d, out + r * kBlockColumns + v * lanes);
  }
  for (size_t k = 0; k < depth; ++k) {
    VF columns[kVectors];
    QNN_HOST_UNROLL for (size_t v = 0; v < kVectors; ++v) columns[v] =
        hn::LoadU(d, x + k * kBlockColumns + v * lanes);
    QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) {
      const auto factor = hn::Set(d, rows[r * kDepth + k]);
      QNN_HOST_UNROLL for (size_t v = 0; v < kVectors; ++v) sums[r][v] =
          hn::MulAdd(factor, columns[v], sums[r][v]);
    }
  }
  QNN_HOST_UNROLL for (size_t r = 0; r < kRows; ++r) {
    QNN_HOST_UNROLL for (size_t v = 0; v < kVectors; ++v)
        hn::StoreU(sums[r][v], d, out + r * kBlockColumns + v * lanes);
  }
}

template <size_t kRows>
HWY_INLINE void multiply_columns(const float* rows, size_t depth, const float* x, size_t columns,
                                 float* out) {
  const size_t lanes = hn::Lanes(F32());
  // 4 vectors by 6 rows fill 32 registers; with 16, 2 by 6 do.
  constexpr size_t kVectors = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON ? 4 : 2;
  size_t t = 0;
  for (; t + kVectors * lanes <= columns; t += kVectors * lanes)
    multiply_tile<kRows, kVectors>(rows, depth, x + t, out + t);
  for (; t + lanes <= columns; t += lanes) multiply_tile<kRows, 1>(rows, depth, x + t, out + t);
}

HWY_INLINE void widen_to(const uint16_t* from, size_t count, float* to) {
  const size_t lanes = hn::Lanes(F32());
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(load(from + i), F32(), to + i);
  for (; i < count; ++i) to[i] = scalar(from + i);
}
HWY_INLINE void widen_to(const float* from, size_t count, float* to) {
  for (size_t i = 0; i < count; ++i) to[i] = from[i];
}

template <typename T>
void multiply_all(const T* rows, size_t stride, size_t count, size_t n, const float* x,
                  size_t columns, float* out) {
  HWY_ALIGN float wide[kRowBlock * kDepth];
  for (size_t i = 0; i < count * kBlockColumns; ++i) out[i] = 0.0f;
  // The rows behind these are what is asked for next: they are fetched in equal parts meanwhile.
  const auto* next = reinterpret_cast<const uint8_t*>(rows + count * stride);
  const size_t parts = (n + kDepth - 1) / kDepth * ((count + kRowBlock - 1) / kRowBlock);
  const size_t part_bytes = (count * stride * sizeof(T) / parts + 63) / 64 * 64;
  // The same x for all rows of the block, kDepth of it at a time.
  for (size_t k = 0; k < n; k += kDepth) {
    const size_t depth = n - k < kDepth ? n - k : kDepth;
    for (size_t i = 0; i < count; i += kRowBlock) {
      const size_t block = count - i < kRowBlock ? count - i : kRowBlock;
      for (size_t byte = 0; byte < part_bytes; byte += 64) hwy::Prefetch(next + byte);
      next += part_bytes;
      for (size_t r = 0; r < block; ++r) {
        const T* row = rows + (i + r) * stride + k;
        for (size_t byte = 0; byte < kDepth * sizeof(T); byte += 64)
          hwy::Prefetch(reinterpret_cast<const uint8_t*>(row + kDepth) + byte);
        widen_to(row, depth, wide + r * kDepth);
      }
      float* sums = out + i * kBlockColumns;
      const float* part = x + k * kBlockColumns;
      if (block == kRowBlock) {
        multiply_columns<kRowBlock>(wide, depth, part, columns, sums);
      } else {
        for (size_t r = 0; r < block; ++r)
          multiply_columns<1>(wide + r * kDepth, depth, part, columns, sums + r * kBlockColumns);
      }
    }
  }
}

void multiply_half_block(const uint16_t* rows, size_t stride, size_t count, size_t n,
                         const float* x, size_t columns, float* out) {
  multiply_all(rows, stride, count, n, x, columns, out);
}
void multiply_float_block(const float* rows, size_t stride, size_t count, size_t n, const float* x,
                          size_t columns, float* out) {
  multiply_all(rows, stride, count, n, x, columns, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace qnn_host
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qnn_host {

HWY_EXPORT(multiply_half_block);
HWY_EXPORT(multiply_float_block);

void multiply_block(const uint16_t* rows, uint64_t stride, uint64_t count, uint64_t n,
                    const float* x, uint64_t columns, float* out) {
  HWY_DYNAMIC_DISPATCH(multiply_half_block)(rows, stride, count, n, x, columns, out);
}
void multiply_block(const float* rows, uint64_t stride, uint64_t count, uint64_t n, const float* x,
                    uint64_t columns, float* out) {
  HWY_DYNAMIC_DISPATCH(multiply_float_block)(rows, stride, count, n, x, columns, out);
}

}  // namespace qnn_host
#endif  // HWY_ONCE
