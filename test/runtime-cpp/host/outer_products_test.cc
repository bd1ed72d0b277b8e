// Few outer products at once are what they are one after the other, in every bit.
#include <cmath>

#include "every_target.h"
#include "random_values.h"
#include "simd/convert.h"
#include "simd/products.h"

namespace qnn_host {
namespace {

using Halves = std::vector<uint16_t>;

Halves some_halves(size_t count, uint32_t seed, double scale) {
  Halves halves;
  for (const double value : random_halves(count, seed, scale))
    halves.push_back(halves.size() % 7 == 3 ? uint16_t{0x8000} : ieee_half(value));
  return halves;
}

TEST(OuterProducts, FewAreRoundedSums) {
  constexpr uint64_t kColumns = 128;  // of every instruction set's liking
  for (const uint64_t depth : {1u, 2u, 3u}) {
    for (const uint64_t rows : {1u, 5u, 64u}) {
      for (const double scale : {1e-4, 1.0, 60.0}) {
        const Halves a = some_halves(depth * rows, 1, scale);
        const Halves b = some_halves(depth * kColumns, 2, scale);
        on_every_target([&] {
          std::vector<float> sums(rows * kColumns, 0.0f);
          add_outer_products(a.data(), rows, depth, b.data(), kColumns, sums.data());
          Halves expected(sums.size()), found(sums.size());
          const bool outside = narrow_run(sums.data(), expected.data(), sums.size());
          ASSERT_EQ(few_outer_products(a.data(), rows, depth, b.data(), kColumns, found.data()),
                    !outside);
          if (!outside) {
            EXPECT_EQ(found, expected);
          }
        });
      }
    }
  }
}

TEST(OuterProducts, OthersAreLeftAlone) {
  const Halves one(64 * 4, 0x3C00);
  Halves infinite = one, out(64 * 64);
  infinite[70] = 0x7C00;
  on_every_target([&] {
    EXPECT_TRUE(few_outer_products(one.data(), 64, 2, one.data(), 64, out.data()));
    EXPECT_FALSE(few_outer_products(one.data(), 64, 4, one.data(), 64, out.data()));
    EXPECT_FALSE(few_outer_products(one.data(), 64, 2, one.data(), 63, out.data()));
    EXPECT_FALSE(few_outer_products(infinite.data(), 64, 2, one.data(), 64, out.data()));
  });
}

}  // namespace
}  // namespace qnn_host
