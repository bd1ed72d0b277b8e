// What every op's check refuses before it looks at its own parameters.

#include "op_case.h"

namespace qnn_host {
namespace {

TEST(Checks, RefuseAWrongNumberOfTensors) {
  EXPECT_EQ(OpCase("ElementWiseAdd").input({1}, {0}).output({1}).fault(),
            "1 inputs were given, 2 were expected");
  EXPECT_EQ(OpCase("FullyConnected").input({1}, {0}).output({1}).fault(),
            "1 inputs were given, 2 to 3 were expected");
  EXPECT_EQ(OpCase("Relu").input({1}, {0}).fault(), "0 outputs were given, 1 were expected");
}

TEST(Checks, RefuseExtentsOfZero) {
  EXPECT_EQ(OpCase("Relu").input({2, 0}, {}).output({2, 0}).fault(),
            "tensor in0 [2,0] has an extent of 0");
}

TEST(Checks, RefuseSizesWhoseProductsOverflow) {
  const uint32_t most = 0xFFFFFFFF;
  const auto tensor = [](std::vector<uint32_t> dims) {
    Tensor made;
    made.name = "huge";
    made.dtype = QNN_DATATYPE_FLOAT_16;
    made.dims = std::move(dims);
    return made;
  };
  Node node;
  // 2^32 * 2^32 is 0 in 64 bits.
  for (const auto& dims :
       {std::vector<uint32_t>{65536, 65536, 65536, 65536}, {most, most}, {1u << 20, 1u << 20, 2}}) {
    const Tensor huge = tensor(dims);
    for (const char* type : {"Relu", "Reshape", "ElementWiseAdd", "Cast"}) {
      Op op{node, {&huge}, {&huge}, {nullptr}};
      if (std::string(type) == "ElementWiseAdd") op.inputs.push_back(&huge);
      EXPECT_NE(find_op(type)->check(op).find("has more than 2^40 elements"), std::string::npos)
          << type;
    }
  }
  // Rows that do not fit into an extent: 2^32 + 5 of them would look like 5.
  const Tensor x = tensor({(1u << 31) + 1, 3}), w = tensor({1, 1}),
               y = tensor({static_cast<uint32_t>(3 * ((uint64_t{1} << 31) + 1)), 1});
  const Op linear{node, {&x, &w}, {&y}, {nullptr, nullptr}};
  EXPECT_NE(find_op("FullyConnected")->check(linear).find("more than 2^32 rows"),
            std::string::npos);
}

TEST(Checks, RefuseTypesThatAnOpIsNotComputedFor) {
  EXPECT_EQ(
      OpCase("Relu").input({1}, {0}, QNN_DATATYPE_INT_32).output({1}, QNN_DATATYPE_INT_32).fault(),
      "output out0 is i32, this op is computed for f16, f32");
  EXPECT_EQ(OpCase("ElementWiseAdd")
                .input({1}, {0})
                .input({1}, {0}, QNN_DATATYPE_FLOAT_32)
                .output({1})
                .fault(),
            "tensor in1 is f32, out0 is f16: they must be of one type");
}

TEST(Checks, RefuseOperandsThatDoNotBroadcast) {
  EXPECT_EQ(
      OpCase("ElementWiseMultiply").input({2}, {0, 0}).input({3}, {0, 0, 0}).output({3}).fault(),
      "operands [2] and [3] do not broadcast: extents, aligned at the right, must be equal or 1");
  EXPECT_EQ(
      OpCase("ElementWiseMultiply").input({2, 1}, {0, 0}).input({3}, {0, 0, 0}).output({3}).fault(),
      "tensor out0 is [3], [2,3] was expected: [2,1] and [3] broadcast to it");
}

}  // namespace
}  // namespace qnn_host
