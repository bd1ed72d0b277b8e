#include "norms.h"

#include <algorithm>
#include <cmath>

#include "numerics/float16.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/norms.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace qnn_host {
namespace HWY_NAMESPACE {

/// Sum of f over the row: vectors of partial sums, and the rest one by one.
template <typename Vector, typename Scalar>
HWY_INLINE float sum_of(const float* row, size_t count, Vector vector, Scalar scalar) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  auto a = hn::Zero(d), b = a;
  size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    a = hn::Add(a, vector(hn::LoadU(d, row + i)));
    b = hn::Add(b, vector(hn::LoadU(d, row + i + lanes)));
  }
  for (; i + lanes <= count; i += lanes) a = hn::Add(a, vector(hn::LoadU(d, row + i)));
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b)));
  for (; i < count; ++i) sum += scalar(row[i]);
  return sum;
}

void layer_norm(float* row, size_t count, float epsilon, const uint16_t* gamma,
                const uint16_t* beta) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const float n = static_cast<float>(count);
  const float mean = sum_of(
                         row, count, [](VF x) HWY_ATTR { return x; }, [](float x) { return x; }) /
                     n;
  const auto means = hn::Set(d, mean);
  const float variance = sum_of(
                             row, count,
                             [means](VF x) HWY_ATTR {
                               const auto centred = hn::Sub(x, means);
                               return hn::Mul(centred, centred);
                             },
                             [mean](float x) { return (x - mean) * (x - mean); }) /
                         n;
  const float scale = static_cast<float>(
      1.0 / std::sqrt(static_cast<double>(variance) + static_cast<double>(epsilon)));
  const auto scales = hn::Set(d, scale);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    auto y = hn::Mul(hn::Sub(hn::LoadU(d, row + i), means), scales);
    if (gamma != nullptr) y = hn::Mul(y, load_half(gamma + i));
    if (beta != nullptr) y = hn::Add(y, load_half(beta + i));
    hn::StoreU(y, d, row + i);
  }
  for (; i < count; ++i) {
    row[i] = (row[i] - mean) * scale;
    if (gamma != nullptr) row[i] *= static_cast<float>(ieee_value(gamma[i]));
    if (beta != nullptr) row[i] += static_cast<float>(ieee_value(beta[i]));
  }
}

void l2_norm(float* row, size_t count, float least) {
  const F32 d;
  const size_t lanes = hn::Lanes(d);
  const float squares = sum_of(
      row, count, [](VF x) HWY_ATTR { return hn::Mul(x, x); }, [](float x) { return x * x; });
  const float norm = std::sqrt(std::max(squares, least));
  // No row of zeros is divided by its norm, where that is 0.
  if (norm == 0.0f) return;
  const auto norms = hn::Set(d, norm);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::Div(hn::LoadU(d, row + i), norms), d, row + i);
  for (; i < count; ++i) row[i] /= norm;
}

}  // namespace HWY_NAMESPACE
}  // namespace qnn_host
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qnn_host {

HWY_EXPORT(layer_norm);
HWY_EXPORT(l2_norm);

void layer_norm_row(float* row, uint64_t count, float epsilon, const uint16_t* gamma,
                    const uint16_t* beta) {
  HWY_DYNAMIC_DISPATCH(layer_norm)(row, count, epsilon, gamma, beta);
}
void l2_norm_row(float* row, uint64_t count, float least) {
  HWY_DYNAMIC_DISPATCH(l2_norm)(row, count, least);
}

}  // namespace qnn_host
#endif  // HWY_ONCE
