#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace rwkv {

/// X^T X of rows x [size] as they come: what error-compensating rounding of weights needs of their
/// inputs. Float32, in an order of additions that depends on nothing but the order of the rows and
/// the calls of `flush`.
class SecondMoment {
 public:
  explicit SecondMoment(size_t size);

  static constexpr size_t kBatch = 16;
  /// Of the upper triangle.
  static uint64_t values(uint64_t size) { return size * (size + 1) / 2; }
  /// Of an object of that size.
  static uint64_t bytes(uint64_t size) { return sizeof(float) * (values(size) + kBatch * size); }

  size_t size() const { return size_; }
  void add(const float* row);
  /// Adds the rows that wait for their batch to be full.
  void flush();
  /// Row after row from the diagonal on: [0][0..n), [1][1..n), ... Complete after `flush`.
  std::vector<float>& triangle() { return triangle_; }
  const std::vector<float>& triangle() const { return triangle_; }

 private:
  size_t size_;
  size_t waiting_ = 0;
  std::vector<float> rows_;  ///< [kBatch, size]
  std::vector<float> triangle_;
};

/// Inputs [first, second) of a linear layer with very many are taken by themselves: X^T X grows
/// with their square, and the rounding that it serves with their cube. As many as there are, alike
/// in size up to one.
std::vector<std::pair<size_t, size_t>> moment_blocks(size_t size);

}  // namespace rwkv
