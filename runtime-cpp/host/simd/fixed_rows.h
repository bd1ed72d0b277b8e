#pragma once

#include <vector>

#include "fixed_products.h"
#include "kernel.h"

namespace qnn_host {

/// Whether the fast products take weights that lie so: [out, in], signed, static, and of 4 bits in
/// whole 16-bit words and usual blocks.
bool can_stream(const Tensor& weight);

/// The rows of a FullyConnected's weight, whose data have been put elsewhere.
class FixedRowsOwner {
 public:
  FixedRowsOwner(const Op& op, const uint8_t* data);
  const FixedRows& rows() const { return rows_; }

 private:
  FixedRows rows_;
  std::vector<uint8_t> block_scales_;
};

}  // namespace qnn_host
