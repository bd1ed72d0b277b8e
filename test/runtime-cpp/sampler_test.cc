#include "sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rwkv {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Sampler sampler(double temperature, double top_p = 1, uint32_t top_k = 0, uint64_t seed = 1,
                double penalty = 1) {
  SamplerOptions options;
  options.temperature = temperature;
  options.top_p = top_p;
  options.top_k = top_k;
  options.seed = seed;
  options.repetition_penalty = penalty;
  return Sampler::create(options).value();
}

int32_t once(Sampler s, const std::vector<float>& logits) {
  return s.sample(logits.data(), logits.size()).value();
}

std::vector<int> counts(Sampler s, const std::vector<float>& logits, int draws) {
  std::vector<int> n(logits.size());
  for (int i = 0; i < draws; ++i)
    ++n[static_cast<size_t>(s.sample(logits.data(), logits.size()).value())];
  return n;
}

TEST(Random, IsPcg32) {
  // First outputs of the reference implementation for seed 42 on this stream, worked out with exact
  // integers.
  uint64_t state = 0;
  const auto reference = [&state] {
    const unsigned __int128 wide =
        static_cast<unsigned __int128>(state) * 6364136223846793005u + 1442695040888963407u;
    const uint64_t old = state;
    state = static_cast<uint64_t>(wide);
    const uint32_t x = static_cast<uint32_t>(((old >> 18) ^ old) >> 27);
    const uint32_t r = static_cast<uint32_t>(old >> 59);
    return r == 0 ? x : (x >> r | x << (32 - r));
  };
  reference();
  state += 42;
  reference();
  Random random(42);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.next(), reference());
}

TEST(Random, UniformStaysBelowOne) {
  Random random(3);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.005);
}

TEST(PortableExp, AgreesWithTheLibrary) {
  for (double x = 0; x > -740; x -= 0.037) {
    EXPECT_NEAR(portable_exp(x) / std::exp(x), 1, x > -700 ? 1e-15 : 1e-2) << x;
  }
  EXPECT_EQ(portable_exp(0), 1);
  EXPECT_EQ(portable_exp(-1000), 0);
  EXPECT_EQ(portable_exp(-HUGE_VAL), 0);
}

TEST(Sampler, GreedyTakesTheFirstOfTheHighest) {
  EXPECT_EQ(once(sampler(0), {1, 3, 2}), 1);
  EXPECT_EQ(once(sampler(0), {5, 5, 5}), 0);
  EXPECT_EQ(once(sampler(0), {-kInfinity, -kInfinity}), 0);
}

TEST(Sampler, FollowsTheSoftmax) {
  const std::vector<float> logits = {0, 1, 2, -1};
  const std::vector<int> n = counts(sampler(1), logits, 100000);
  double total = 0;
  for (const float x : logits) total += std::exp(x);
  for (size_t i = 0; i < logits.size(); ++i) {
    // 5 standard deviations of 100000 draws are below 0.008.
    EXPECT_NEAR(n[i] / 1e5, std::exp(logits[i]) / total, 0.008) << i;
  }
}

TEST(Sampler, TemperatureSharpensAndFlattens) {
  EXPECT_GT(counts(sampler(0.1), {0, 1}, 1000)[1], 995);
  const std::vector<int> flat = counts(sampler(1000), {0, 1}, 10000);
  EXPECT_NEAR(flat[0], 5000, 300);
}

TEST(Sampler, TopPKeepsTheShortestPrefix) {
  const std::vector<float> logits = {std::log(0.5f), std::log(0.3f), std::log(0.2f)};
  EXPECT_EQ(counts(sampler(1, 0.5), logits, 1000)[0], 1000);
  const std::vector<int> two = counts(sampler(1, 0.6), logits, 10000);
  EXPECT_EQ(two[2], 0);
  EXPECT_NEAR(two[0] / 1e4, 0.625, 0.03);
  // Smaller than the likeliest token: that one is kept all the same.
  EXPECT_EQ(counts(sampler(1, 1e-9), logits, 100)[0], 100);
  EXPECT_GT(counts(sampler(1, 1), logits, 1000)[2], 0);
}

TEST(Sampler, TopKKeepsThatMany) {
  const std::vector<int> n = counts(sampler(1, 1, 2), {0, 0, 0, 1}, 1000);
  EXPECT_EQ(n[1] + n[2], 0);  // of equal logits the lower id is kept
  EXPECT_GT(n[0], 0);
  EXPECT_EQ(counts(sampler(1, 1, 100), {0, 0}, 10)[0] + 0, counts(sampler(1, 1, 0), {0, 0}, 10)[0]);
}

TEST(Sampler, RepetitionPenaltyWorksOnBothSigns) {
  Sampler s = sampler(0, 1, 0, 1, 2);
  s.observe(0);
  EXPECT_EQ(once(s, {1.5f, 1}), 1);    // 0.75 < 1
  EXPECT_EQ(once(s, {-1, -1.5f}), 1);  // -2 < -1.5
  EXPECT_EQ(once(s, {3, 1}), 0);
  s.observe(-1);  // nothing to remember
}

TEST(Sampler, SameSeedSameTokens) {
  std::vector<float> logits(1000);
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(i % 17) / 5;
  Sampler a = sampler(0.8, 0.9, 0, 7), b = sampler(0.8, 0.9, 0, 7), c = sampler(0.8, 0.9, 0, 8);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const int32_t token = a.sample(logits.data(), logits.size()).value();
    EXPECT_EQ(token, b.sample(logits.data(), logits.size()).value());
    differs = differs || token != c.sample(logits.data(), logits.size()).value();
  }
  EXPECT_TRUE(differs);
}

TEST(Sampler, RefusesWhatIsNotFinite) {
  for (const float bad : {kInfinity, std::nanf("")}) {
    const std::vector<float> logits = {0, bad};
    Sampler s = sampler(1);
    const Result<int32_t> token = s.sample(logits.data(), 2);
    ASSERT_FALSE(token.ok());
    EXPECT_EQ(token.error().code, "sampler/not-finite");
    EXPECT_NE(token.error().message.find("token 1"), std::string::npos);
  }
  EXPECT_FALSE(sampler(1).sample(nullptr, 0).ok());
  EXPECT_EQ(once(sampler(1), {-kInfinity, 0}), 1);
  EXPECT_EQ(once(sampler(1), {-kInfinity, -kInfinity}), 0);
}

TEST(Sampler, RefusesOptionsOutOfRange) {
  const auto refused = [](double t, double p, double r) {
    SamplerOptions o;
    o.temperature = t;
    o.top_p = p;
    o.repetition_penalty = r;
    return !Sampler::create(o).ok();
  };
  EXPECT_TRUE(refused(-1, 1, 1));
  EXPECT_TRUE(refused(NAN, 1, 1));
  EXPECT_TRUE(refused(1, 0, 1));
  EXPECT_TRUE(refused(1, 1.1, 1));
  EXPECT_TRUE(refused(1, NAN, 1));
  EXPECT_TRUE(refused(1, 1, 0));
  EXPECT_FALSE(refused(0, 1, 1));
}

}  // namespace
}  // namespace rwkv
