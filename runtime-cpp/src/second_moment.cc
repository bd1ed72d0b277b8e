#include "second_moment.h"

#include <algorithm>

namespace rwkv {

SecondMoment::SecondMoment(size_t size)
    : size_(size), rows_(kBatch * size), triangle_(values(size)) {}

void SecondMoment::add(const float* row) {
  std::copy(row, row + size_, rows_.begin() + static_cast<std::ptrdiff_t>(waiting_ * size_));
  if (++waiting_ == kBatch) flush();
}

namespace {

/// out[j] += the sum over four rows of factor * row[j], for j < count.
void add_four(const float* factors, const float* rows, size_t stride, size_t count,
              float* __restrict out) {
  const float *a = rows, *b = a + stride, *c = b + stride, *d = c + stride;
  for (size_t j = 0; j < count; ++j) {
    out[j] += (factors[0] * a[j] + factors[1] * b[j]) + (factors[2] * c[j] + factors[3] * d[j]);
  }
}

}  // namespace

void SecondMoment::flush() {
  if (waiting_ == 0) return;
  std::fill(rows_.begin() + static_cast<std::ptrdiff_t>(waiting_ * size_), rows_.end(), 0.0f);
  waiting_ = 0;
  // A strip of columns of all rows stays in the first cache (16 KiB).
  constexpr size_t kColumns = 256;
  for (size_t from = 0; from < size_; from += kColumns) {
    const size_t to = std::min(from + kColumns, size_);
    float* out = triangle_.data();
    for (size_t i = 0; i < to; out += size_ - i, ++i) {
      float factors[kBatch];
      for (size_t t = 0; t < kBatch; ++t) factors[t] = rows_[t * size_ + i];
      const size_t first = std::max(i, from);
      for (size_t t = 0; t < kBatch; t += 4) {
        add_four(&factors[t], &rows_[t * size_ + first], size_, to - first, out + (first - i));
      }
    }
  }
}

std::vector<std::pair<size_t, size_t>> moment_blocks(size_t size) {
  constexpr size_t kLargest = 1024;
  const size_t count = (size + kLargest - 1) / kLargest;
  std::vector<std::pair<size_t, size_t>> blocks;
  for (size_t i = 0; i < count; ++i) {
    blocks.emplace_back(i * size / count, (i + 1) * size / count);
  }
  return blocks;
}

}  // namespace rwkv
