#pragma once

#include "kernel.h"

namespace qnn_host {

// element_wise_binary.cc
extern const OpEntry kElementWiseAdd, kElementWiseSubtract, kElementWiseMultiply,
    kElementWiseDivide, kElementWiseMaximum, kElementWiseMinimum;
// element_wise_unary.cc
extern const OpEntry kElementWiseNeg, kElementWiseAbs, kElementWiseExp, kElementWiseLog,
    kElementWiseSquareRoot, kElementWiseRsqrt, kRelu;
// sigmoid.cc
extern const OpEntry kSigmoid, kTanh;
// fully_connected.cc
extern const OpEntry kFullyConnected;
// conv2d.cc
extern const OpEntry kConv2d;
// mat_mul.cc
extern const OpEntry kMatMul;
// layer_norm.cc
extern const OpEntry kLayerNorm;
// l2_norm.cc
extern const OpEntry kL2Norm;
// reduce_sum.cc
extern const OpEntry kReduceSum;
// reshape.cc, transpose.cc, split.cc, concat.cc, strided_slice.cc, gather.cc
extern const OpEntry kReshape, kTranspose, kSplit, kConcat, kStridedSlice, kGather;
// cast.cc
extern const OpEntry kCast, kConvert;
// quantize.cc
extern const OpEntry kQuantize, kDequantize;

}  // namespace qnn_host
