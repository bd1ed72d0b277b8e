// Which ops the backend computes.

#include "op_case.h"

namespace qnn_host {
namespace {

TEST(FindOp, KnowsEveryOpThatTheCompilerEmits) {
  for (const char* type : {"FullyConnected",
                           "MatMul",
                           "ElementWiseAdd",
                           "ElementWiseSubtract",
                           "ElementWiseMultiply",
                           "ElementWiseDivide",
                           "ElementWiseMaximum",
                           "ElementWiseMinimum",
                           "ElementWiseNeg",
                           "ElementWiseExp",
                           "ElementWiseLog",
                           "ElementWiseSquareRoot",
                           "ElementWiseAbs",
                           "Relu",
                           "Sigmoid",
                           "Tanh",
                           "LayerNorm",
                           "L2Norm",
                           "ReduceSum",
                           "Reshape",
                           "Transpose",
                           "Split",
                           "Concat",
                           "Gather",
                           "Quantize",
                           "Dequantize",
                           "Convert"}) {
    const OpEntry* entry = find_op(type);
    ASSERT_NE(entry, nullptr) << type;
    EXPECT_STREQ(entry->type, type);
  }
}

TEST(FindOp, DoesNotKnowOthers) {
  EXPECT_EQ(find_op("Softmax"), nullptr);
  EXPECT_EQ(find_op("matmul"), nullptr);
  EXPECT_EQ(find_op(""), nullptr);
}

}  // namespace
}  // namespace qnn_host
