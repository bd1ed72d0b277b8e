// Ops that move elements, and those that change their type.

#include <cmath>
#include <limits>

#include "op_case.h"
#include "random_values.h"

namespace qnn_host {
namespace {

using Values = std::vector<double>;

TEST(Reshape, CopiesEveryPattern) {
  const auto bits = random_bits(24, 1);
  EXPECT_EQ(OpCase("Reshape").bits({2, 3, 4}, bits).output({24}).run().halves(), bits);
}

TEST(Transpose, PutsInputAxisPermAtEachPlace) {
  // [2, 3] to [3, 2].
  EXPECT_EQ(OpCase("Transpose")
                .input({2, 3}, {1, 2, 3, 4, 5, 6})
                .output({3, 2})
                .list("perm", {1, 0})
                .run()
                .values(),
            (Values{1, 4, 2, 5, 3, 6}));
  // [1, 2, 2, 2], axes 0 3 1 2: element [0, c, a, b] is element [0, a, b, c].
  EXPECT_EQ(OpCase("Transpose")
                .input({1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7})
                .output({1, 2, 2, 2})
                .list("perm", {0, 3, 1, 2})
                .run()
                .values(),
            (Values{0, 2, 4, 6, 1, 3, 5, 7}));
}

TEST(Transpose, MovesElementsOfAnySize) {
  for (const Qnn_DataType_t dtype :
       {QNN_DATATYPE_FLOAT_32, QNN_DATATYPE_INT_32, QNN_DATATYPE_UINT_8}) {
    EXPECT_EQ(OpCase("Transpose")
                  .input({2, 2}, {1, 2, 3, 4}, dtype)
                  .output({2, 2}, dtype)
                  .list("perm", {1, 0})
                  .run()
                  .values(),
              (Values{1, 3, 2, 4}));
  }
}

TEST(SplitAndConcat, CutAndJoinAlongAnAxis) {
  OpCase split("Split");
  split.input({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}).output({2, 1}).output({2, 2}).output({2, 1});
  split.u32("axis", 1).list("split_index", {1, 3}).run();
  EXPECT_EQ(split.values(0), (Values{1, 5}));
  EXPECT_EQ(split.values(1), (Values{2, 3, 6, 7}));
  EXPECT_EQ(split.values(2), (Values{4, 8}));
  EXPECT_EQ(OpCase("Concat")
                .input({2, 1}, {1, 5})
                .input({2, 2}, {2, 3, 6, 7})
                .input({2, 1}, {4, 8})
                .output({2, 4})
                .u32("axis", 1)
                .run()
                .values(),
            (Values{1, 2, 3, 4, 5, 6, 7, 8}));
}

Values sliced(const std::vector<int32_t>& ranges, std::vector<uint32_t> out,
              uint32_t begin_mask = 0, uint32_t end_mask = 0, uint32_t shrink = 0) {
  return OpCase("StridedSlice")
      .input({2, 5}, {0, 1, 2, 3, 4, 10, 11, 12, 13, 14})
      .output(out)
      .list("ranges", ranges)
      .u32("begin_mask", begin_mask)
      .u32("end_mask", end_mask)
      .u32("shrink_axes", shrink)
      .run()
      .values();
}

TEST(StridedSlice, WalksForwardsBackwardsAndFromTheEnd) {
  EXPECT_EQ(sliced({0, 2, 1, 1, 5, 2}, {2, 2}), (Values{1, 3, 11, 13}));
  EXPECT_EQ(sliced({1, 2, 1, 4, 0, -2}, {1, 2}), (Values{14, 12}));
  EXPECT_EQ(sliced({0, 1, 1, -2, 5, 1}, {1, 2}), (Values{3, 4}));
  EXPECT_EQ(sliced({0, 1, 1, 3, 100, 1}, {1, 2}), (Values{3, 4}));
}

TEST(StridedSlice, MasksTakeWholeAxesAndShrinkOnes) {
  EXPECT_EQ(sliced({0, 0, 1, 2, 0, 1}, {2, 3}, 1, 3), (Values{2, 3, 4, 12, 13, 14}));
  EXPECT_EQ(sliced({0, 0, 1, 2, 0, -1}, {2, 3}, 1, 3), (Values{2, 1, 0, 12, 11, 10}));
  EXPECT_EQ(sliced({1, 2, 1, 3, 5, 1}, {2}, 0, 0, 1), (Values{13, 14}));
}

TEST(Gather, TakesSlicesAtIndices) {
  const Values table{1, 2, 3, 4, 5, 6};  // [3, 2]
  EXPECT_EQ(OpCase("Gather")
                .input({3, 2}, table)
                .input({2}, {2, 0}, QNN_DATATYPE_INT_32)
                .output({2, 2})
                .i32("axis", 0)
                .run()
                .values(),
            (Values{5, 6, 1, 2}));
  EXPECT_EQ(OpCase("Gather")
                .input({3, 2}, table)
                .input({1, 1}, {1}, QNN_DATATYPE_UINT_32)
                .output({3, 1, 1})
                .i32("axis", 1)
                .run()
                .values(),
            (Values{2, 4, 6}));
}

TEST(Gather, GivesZerosForAnIndexOutside) {
  EXPECT_EQ(OpCase("Gather")
                .input({2, 1}, {7, 8})
                .input({5}, {2, -1, 1, 2147483647, -2147483648.0}, QNN_DATATYPE_INT_32)
                .output({5, 1})
                .i32("axis", 0)
                .run()
                .values(),
            (Values{0, 0, 8, 0, 0}));
}

double cast(double value, Qnn_DataType_t from, Qnn_DataType_t to) {
  return OpCase("Cast").input({1}, {value}, from).output({1}, to).run().values()[0];
}

TEST(Cast, RoundsToHalvesAndCutsToIntegers) {
  EXPECT_EQ(cast(2049, QNN_DATATYPE_FLOAT_32, QNN_DATATYPE_FLOAT_16), 2048);
  EXPECT_TRUE(std::isinf(cast(65520, QNN_DATATYPE_FLOAT_32, QNN_DATATYPE_FLOAT_16)));
  EXPECT_EQ(cast(-2.9, QNN_DATATYPE_FLOAT_32, QNN_DATATYPE_INT_32), -2);
  EXPECT_EQ(cast(3e9, QNN_DATATYPE_FLOAT_32, QNN_DATATYPE_INT_32), 2147483647);
  EXPECT_EQ(cast(-1, QNN_DATATYPE_FLOAT_16, QNN_DATATYPE_UINT_32), 0);
  EXPECT_EQ(cast(std::nan(""), QNN_DATATYPE_FLOAT_32, QNN_DATATYPE_INT_32), 0);
  EXPECT_EQ(cast(0.5, QNN_DATATYPE_FLOAT_16, QNN_DATATYPE_BOOL_8), 1);
  EXPECT_EQ(cast(7, QNN_DATATYPE_INT_32, QNN_DATATYPE_FLOAT_16), 7);
}

TEST(Convert, BetweenFloatsIsCast) {
  EXPECT_EQ(
      OpCase("Convert").input({1}, {0.1}, QNN_DATATYPE_FLOAT_32).output({1}).run().halves()[0],
      0x2E66);
}

TEST(Moves, SayWhatDoesNotFit) {
  const Values x(6);
  const auto says = [](const OpCase& op, const char* text) {
    EXPECT_NE(op.fault().find(text), std::string::npos) << op.fault() << "\nexpected: " << text;
  };
  says(OpCase("Reshape").input({2, 3}, x).output({5}), "[2,3] has 6 elements, output [5] has 5");
  says(OpCase("Reshape").input({2, 3}, x).output({6}, QNN_DATATYPE_FLOAT_32),
       "they must be of one type");
  says(OpCase("Transpose").input({2, 3}, x).output({2, 3}).list("perm", {1, 0}),
       "[3,2] was expected");
  says(OpCase("Transpose").input({2, 3}, x).output({2}).list("perm", {1}), "perm names 1 axes");
  says(OpCase("Transpose").input({2, 3}, x).output({2, 3}).list("perm", {1, 1}), "more than once");
  says(OpCase("Split").input({2, 3}, x).output({2, 3}).u32("axis", 2).list("split_index", {1}),
       "axis 2 of a tensor of rank 2");
  says(OpCase("Split").input({2, 3}, x).output({2, 1}).u32("axis", 1).list("split_index", {1}),
       "cuts into 2 parts, the node has 1 outputs");
  says(OpCase("Split")
           .input({2, 3}, x)
           .output({2, 2})
           .output({2, 2})
           .output({2, 1})
           .u32("axis", 1)
           .list("split_index", {2, 1}),
       "part 1 goes from 2 to 1");
  says(OpCase("Split").input({2, 3}, x).output({2, 2}).output({2, 2}).u32("axis", 1).list(
           "split_index", {-1}),
       "part 0 goes from 0 to 4294967295");
  says(OpCase("Concat").input({2, 3}, x).input({3, 2}, x).output({4, 3}).u32("axis", 0),
       "inputs differ along the axis only");
  says(OpCase("StridedSlice").input({2, 3}, x).output({2, 3}).list("ranges", {0, 2, 1}),
       "ranges has 3 numbers, 6 were expected");
  says(OpCase("StridedSlice").input({2, 3}, x).output({2, 3}).list("ranges", {0, 2, 0, 0, 3, 1}),
       "the stride of axis 0 is 0");
  says(OpCase("StridedSlice").input({2, 3}, x).output({2, 3}).list("ranges", {1, 1, 1, 0, 3, 1}),
       "is empty");
  says(OpCase("Gather").input({2, 3}, x).input({1}, {0}).output({1, 3}).i32("axis", 0),
       "indices in1 are f16");
  says(OpCase("Gather")
           .input({2, 3}, x)
           .input({1}, {0}, QNN_DATATYPE_INT_32)
           .output({1, 3})
           .i32("axis", -1),
       "axis names axis -1");
}

}  // namespace
}  // namespace qnn_host
