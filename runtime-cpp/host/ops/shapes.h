#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "kernel.h"

namespace qnn_host {

using Dims = std::vector<uint32_t>;

/// Beyond this, sizes are refused: 2^40 elements, so that no byte count overflows.
constexpr uint64_t kMaxElements = uint64_t{1} << 40;

/// "[1,4,64]".
std::string text_of(const Dims& dims);

/// Product of dims[from..to).
uint64_t product(const Dims& dims, size_t from, size_t to);
inline uint64_t product(const Dims& dims) {
  return product(dims, 0, dims.size());
}

/// Of dense row-major dims, in elements.
std::vector<uint64_t> row_major_strides(const Dims& dims);

/// Extents aligned at the right, an extent of 1 stretched to the other's. False: they do not fit;
/// `out` is unspecified.
bool broadcast(const Dims& a, const Dims& b, Dims* out);

/// Steps through `in` for each axis of `out`, which `in` broadcasts to: 0 where its extent is 1 or
/// the axis is lacking.
std::vector<uint64_t> broadcast_strides(const Dims& in, const Dims& out);

/// Walks all indices of `dims` in row-major order and keeps the offset that they have under other
/// strides.
class Walk {
 public:
  Walk(const Dims& dims, std::vector<uint64_t> strides)
      : dims_(dims), strides_(std::move(strides)), index_(dims.size()) {}
  uint64_t offset() const { return offset_; }
  void next();

 private:
  Dims dims_;
  std::vector<uint64_t> strides_;
  Dims index_;
  uint64_t offset_ = 0;
};

// Parts of `check`. Each gives an empty text or what is wrong.

/// Number of inputs and outputs (0 most: as many as there are), that none has an extent of 0 or
/// more than kMaxElements.
std::string check_count(const Op& op, size_t least_inputs, size_t most_inputs,
                        size_t least_outputs = 1, size_t most_outputs = 1);
/// All inputs and outputs have output 0's type, and this is one of `allowed`.
std::string check_types(const Op& op, std::initializer_list<Qnn_DataType_t> allowed);
/// For ops that move elements: all tensors from input 0 on have its type, whatever it is, and its
/// size is known; of fixed point they have its encoding too.
std::string check_moved_types(const Op& op, size_t inputs = SIZE_MAX);
std::string check_dims(const Tensor& tensor, const Dims& expected, const std::string& why);
std::string check_axis(int64_t axis, size_t rank, const char* param);
/// All of `axes` in range, none twice, at least one.
std::string check_axes(const std::vector<int32_t>& axes, size_t rank, const char* param);

/// The first text that is not empty, looked for from the left; later ones are not worked out.
template <typename... Checks>
std::string first_fault(Checks&&... checks) {
  std::string fault;
  (void)(... || !(fault = checks()).empty());
  return fault;
}

}  // namespace qnn_host
