#include "second_moment.h"

#include <gtest/gtest.h>

#include <cmath>

#include "random.h"

namespace rwkv {
namespace {

TEST(SecondMoment, IsTheSumOfProductsWhateverTheSizeAndTheRows) {
  Random random(3);
  for (const size_t size : {1u, 2u, 7u, 255u, 256u, 300u, 600u}) {
    for (const size_t rows : {1u, 15u, 16u, 17u, 40u}) {
      SecondMoment moment(size);
      std::vector<float> x(rows * size);
      for (float& value : x) value = static_cast<float>(random.uniform() - 0.5);
      for (size_t t = 0; t < rows; ++t) moment.add(&x[t * size]);
      moment.flush();
      moment.flush();
      ASSERT_EQ(moment.triangle().size(), SecondMoment::values(size));
      size_t at = 0;
      for (size_t i = 0; i < size; ++i) {
        for (size_t j = i; j < size; ++j, ++at) {
          if (size > 300 && (i * 31 + j) % 97 != 0) continue;
          double sum = 0;
          for (size_t t = 0; t < rows; ++t) {
            sum += static_cast<double>(x[t * size + i]) * x[t * size + j];
          }
          ASSERT_NEAR(moment.triangle()[at], sum, 1e-5)
              << size << " " << rows << " " << i << " " << j;
        }
      }
    }
  }
}

TEST(SecondMoment, ManyInputsAreTakenInBlocks) {
  using Blocks = std::vector<std::pair<size_t, size_t>>;
  EXPECT_EQ(moment_blocks(1), (Blocks{{0, 1}}));
  EXPECT_EQ(moment_blocks(1024), (Blocks{{0, 1024}}));
  EXPECT_EQ(moment_blocks(1025), (Blocks{{0, 512}, {512, 1025}}));
  EXPECT_EQ(moment_blocks(3000), (Blocks{{0, 1000}, {1000, 2000}, {2000, 3000}}));
}

}  // namespace
}  // namespace rwkv
