#include "fixed_rows.h"

namespace qnn_host {

bool can_stream(const Tensor& weight) {
  if (!weight.is_static() || weight.dims.size() != 2 || weight.dims[1] > kMostFixedDepth)
    return false;
  const uint64_t depth = weight.dims[1];
  if (weight.dtype == QNN_DATATYPE_SFIXED_POINT_8) return weight.encoding.blocks == 0;
  if (weight.dtype != QNN_DATATYPE_SFIXED_POINT_4 || depth % 4 != 0) return false;
  if (weight.encoding.blocks == 0) return true;
  const uint64_t block = depth / weight.encoding.blocks;
  return block >= 16 && (block & (block - 1)) == 0;
}

FixedRowsOwner::FixedRowsOwner(const Op& op, const uint8_t* data) {
  const Tensor& weight = *op.inputs[1];
  rows_.data = data;
  rows_.depth = weight.dims[1];
  if (weight.dtype == QNN_DATATYPE_SFIXED_POINT_8) return;
  rows_.form = FixedForm::kNibbles;
  if (weight.encoding.blocks == 0) return;
  rows_.form = FixedForm::kBlocks;
  rows_.block = rows_.depth / weight.encoding.blocks;
  block_scales_ = weight.encoding.block_scales;
  block_scales_.resize(block_scales_.size() + 8);  // read by eights
  rows_.block_scales = block_scales_.data();
}

}  // namespace qnn_host
