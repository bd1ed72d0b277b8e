#include "entries.h"

namespace qnn_host {

const OpEntry* find_op(const std::string& type) {
  static const OpEntry* const kOps[] = {
      &kElementWiseAdd,
      &kElementWiseSubtract,
      &kElementWiseMultiply,
      &kElementWiseDivide,
      &kElementWiseMaximum,
      &kElementWiseMinimum,
      &kElementWiseNeg,
      &kElementWiseAbs,
      &kElementWiseExp,
      &kElementWiseLog,
      &kElementWiseRsqrt,
      &kElementWiseSquareRoot,
      &kRelu,
      &kSigmoid,
      &kTanh,
      &kFullyConnected,
      &kConv2d,
      &kMatMul,
      &kLayerNorm,
      &kL2Norm,
      &kReduceSum,
      &kReshape,
      &kTranspose,
      &kSplit,
      &kConcat,
      &kStridedSlice,
      &kGather,
      &kCast,
      &kConvert,
      &kQuantize,
      &kDequantize,
  };
  for (const OpEntry* op : kOps) {
    if (type == op->type) return op;
  }
  return nullptr;
}

}  // namespace qnn_host
