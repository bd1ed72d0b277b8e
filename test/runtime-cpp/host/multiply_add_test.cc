// A product by a constant row and the sum with another are one operation on the device.
#include <gtest/gtest.h>

#include "test_graph.h"

namespace qnn_host {
namespace {

constexpr float kW = 1.0f + 0x1p-9f;

/// y = x * w + b, [rows, 32], where w and b are constants unless said otherwise.
struct Affine {
  TestGraph graph;
  uint32_t x, w, b, product, y;

  explicit Affine(uint32_t rows, Qnn_DataType_t dtype = QNN_DATATYPE_FLOAT_16, bool constant = true,
                  bool readable = false)
      : graph(dtype) {
    const std::vector<uint32_t> dims{rows, 32}, row{1, 32};
    x = graph.input("x", dims);
    w = graph.constant("w", row, std::vector<float>(32, kW));
    b = constant ? graph.constant("b", row, std::vector<float>(32, -1.0f)) : graph.input("b", row);
    product = readable ? graph.output("product", dims) : graph.value("product", dims);
    y = graph.output("y", dims);
    graph.node("ElementWiseMultiply", {x, w}, {product});
    graph.node("ElementWiseAdd", {product, b}, {y});
  }
};

// (1 + 2^-10) (1 + 2^-9) - 1 is 3 * 2^-10 + 2^-19; the product rounded by itself loses its last
// bit.
constexpr float kX = 1.0f + 0x1p-10f, kTwice = 3 * 0x1p-10f, kOnce = kTwice + 0x1p-19f;

TEST(MultiplyAdd, RoundsOnce) {
  for (const uint32_t rows : {1u, 3u}) {
    for (const bool reference : {false, true}) {
      Affine affine(rows);
      ExecutorOptions options;
      options.reference_kernels = reference;
      TestRun run(affine.graph.model(), options);
      EXPECT_EQ(run.executor().footprint().steps, 1u);
      run.set(affine.x, std::vector<float>(rows * 32, kX));
      run.execute();
      EXPECT_EQ(run.get(affine.y), std::vector<float>(rows * 32, kOnce)) << rows << " rows";
    }
  }
}

TEST(MultiplyAdd, TheProductStaysWhereItIsRead) {
  Affine affine(1, QNN_DATATYPE_FLOAT_16, true, true);
  TestRun run(affine.graph.model());
  EXPECT_EQ(run.executor().footprint().steps, 2u);
  run.set(affine.x, std::vector<float>(32, kX));
  run.execute();
  EXPECT_EQ(run.get(affine.product), std::vector<float>(32, 1.0f + kTwice));
  EXPECT_EQ(run.get(affine.y), std::vector<float>(32, kOnce));
}

TEST(MultiplyAdd, ASummandThatIsNoConstantRoundsTwice) {
  Affine affine(1, QNN_DATATYPE_FLOAT_16, false);
  TestRun run(affine.graph.model());
  EXPECT_EQ(run.executor().footprint().steps, 2u);
  run.set(affine.x, std::vector<float>(32, kX));
  run.set(affine.b, std::vector<float>(32, -1.0f));
  run.execute();
  EXPECT_EQ(run.get(affine.y), std::vector<float>(32, kTwice));
}

TEST(MultiplyAdd, Float32IsLeftAlone) {
  Affine affine(1, QNN_DATATYPE_FLOAT_32);
  TestRun run(affine.graph.model());
  EXPECT_EQ(run.executor().footprint().steps, 2u);
  run.set(affine.x, std::vector<float>(32, 3.0f));
  run.execute();
  EXPECT_EQ(run.get(affine.y), std::vector<float>(32, 3.0f * kW - 1.0f));
}

}  // namespace
}  // namespace qnn_host
