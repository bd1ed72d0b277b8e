#include <cstring>

#include "numerics/float16.h"
#include "products.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/outer_products.cc"
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
HWY_INLINE float scalar(const float* from) {
  return *from;
}

/// Calls use(i, a[i]) for those of `count` numbers that are not zero.
template <typename T, typename Use>
HWY_INLINE void for_each_factor(const T* a, size_t count, const Use& use) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN float factors[HWY_MAX_BYTES / sizeof(float)];
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto some = load(a + i);
    const auto mask = hn::Ne(some, hn::Zero(d));
    if (hn::AllFalse(d, mask)) continue;
    hn::Store(some, d, factors);
    uint8_t bytes[8] = {};  // what StoreMaskBits writes at most
    hn::StoreMaskBits(d, mask, bytes);
    uint64_t bits;
    std::memcpy(&bits, bytes, sizeof bits);
    for (; bits != 0; bits &= bits - 1) {
      const size_t lane = hwy::Num0BitsBelowLS1Bit_Nonzero64(bits);
      use(i + lane, factors[lane]);
    }
  }
  for (; i < count; ++i) {
    const float factor = scalar(a + i);
    if (factor != 0.0f) use(i, factor);
  }
}

/// For columns j to j + kVectors * lanes of b and out.
template <size_t kVectors, typename T>
HWY_INLINE void add_columns(const T* a, size_t rows, size_t depth, const T* b, size_t columns,
                            float* out) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  for (size_t k = 0; k < depth; ++k) {
    VF values[kVectors];
    QNN_HOST_UNROLL for (size_t v = 0; v < kVectors; ++v) values[v] =
        load(b + k * columns + v * lanes);
    for_each_factor(a + k * rows, rows, [&](size_t r, float a_value) HWY_ATTR {
      const auto factor = hn::Set(d, a_value);
      float* sums = out + r * columns;
      QNN_HOST_UNROLL for (size_t v = 0; v < kVectors; ++v) hn::StoreU(
          hn::MulAdd(factor, values[v], hn::LoadU(d, sums + v * lanes)), d, sums + v * lanes);
    });
  }
}

template <typename T>
void add_outer(const T* a, size_t rows, size_t depth, const T* b, size_t columns, float* out) {
  const size_t lanes = hn::Lanes(F32());
  size_t j = 0;
  for (; j + 4 * lanes <= columns; j += 4 * lanes)
    add_columns<4>(a, rows, depth, b + j, columns, out + j);
  for (; j + lanes <= columns; j += lanes) add_columns<1>(a, rows, depth, b + j, columns, out + j);
  if (j == columns) return;
  for (size_t k = 0; k < depth; ++k) {
    for_each_factor(a + k * rows, rows, [&](size_t r, float factor) {
      for (size_t i = j; i < columns; ++i)
        out[r * columns + i] += factor * scalar(b + k * columns + i);
    });
  }
}

/// For columns j to j + 4 * lanes, of kDepth products. Gives the largest magnitudes, as bits.
template <size_t kDepth>
HWY_INLINE VH few_columns(const uint16_t* a, size_t rows, const uint16_t* b, size_t columns,
                          uint16_t* out) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const auto magnitude = hn::Set(U16(), uint16_t{0x7FFF});
  VF values[kDepth][4];
  QNN_HOST_UNROLL for (size_t k = 0; k < kDepth; ++k) {
    QNN_HOST_UNROLL for (size_t v = 0; v < 4; ++v) values[k][v] = load(b + k * columns + v * lanes);
  }
  auto largest = hn::Zero(U16());
  for (size_t r = 0; r < rows; ++r, out += columns) {
    VF sums[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    QNN_HOST_UNROLL for (size_t k = 0; k < kDepth; ++k) {
      const auto factor = widen(hn::Set(U16(), a[k * rows + r]));
      QNN_HOST_UNROLL for (size_t v = 0; v < 4; ++v) sums[v] =
          hn::MulAdd(factor, values[k][v], sums[v]);
    }
    QNN_HOST_UNROLL for (size_t v = 0; v < 4; ++v) {
      const auto bits = narrow_even(sums[v]);
      largest = hn::Max(largest, hn::And(bits, magnitude));
      hn::StoreU(bits, U16(), out + v * lanes);
    }
  }
  return largest;
}

bool few_outer(const uint16_t* a, size_t rows, size_t depth, const uint16_t* b, size_t columns,
               uint16_t* out) {
  const size_t step = 4 * hn::Lanes(F32());
  if (depth < 1 || depth > 3 || columns % step != 0) return false;
  auto largest = hn::Zero(U16());
  for (size_t j = 0; j < columns; j += step) {
    const auto some = depth == 1   ? few_columns<1>(a, rows, b + j, columns, out + j)
                      : depth == 2 ? few_columns<2>(a, rows, b + j, columns, out + j)
                                   : few_columns<3>(a, rows, b + j, columns, out + j);
    largest = hn::Max(largest, some);
  }
  return !any_outside(largest);
}

void add_outer_halves(const uint16_t* a, size_t rows, size_t depth, const uint16_t* b,
                      size_t columns, float* out) {
  add_outer(a, rows, depth, b, columns, out);
}
void add_outer_floats(const float* a, size_t rows, size_t depth, const float* b, size_t columns,
                      float* out) {
  add_outer(a, rows, depth, b, columns, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace qnn_host
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qnn_host {

HWY_EXPORT(add_outer_halves);
HWY_EXPORT(add_outer_floats);
HWY_EXPORT(few_outer);

void add_outer_products(const uint16_t* a, uint64_t rows, uint64_t depth, const uint16_t* b,
                        uint64_t columns, float* out) {
  HWY_DYNAMIC_DISPATCH(add_outer_halves)(a, rows, depth, b, columns, out);
}
void add_outer_products(const float* a, uint64_t rows, uint64_t depth, const float* b,
                        uint64_t columns, float* out) {
  HWY_DYNAMIC_DISPATCH(add_outer_floats)(a, rows, depth, b, columns, out);
}
bool few_outer_products(const uint16_t* a, uint64_t rows, uint64_t depth, const uint16_t* b,
                        uint64_t columns, uint16_t* out) {
  return HWY_DYNAMIC_DISPATCH(few_outer)(a, rows, depth, b, columns, out);
}

}  // namespace qnn_host
#endif  // HWY_ONCE
