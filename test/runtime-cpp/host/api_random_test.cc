// 100,000 random sequences of calls with handles, versions, nulls and orders that are right or
// wrong: no crash, nothing left behind, and only codes that have a text. Meant to run under the
// sanitizers too.

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "api/registry.h"
#include "api_random_player.h"

namespace {

using client::Player;
using client::Pool;
using qnn_host::Registry;

constexpr int kCalls = 40;

/// The sanitizers make it slow: there the whole number is for RWKVC_LONG_TESTS=1.
int sequences() {
#ifdef RWKV_SANITIZE
  const char* set = std::getenv("RWKVC_LONG_TESTS");
  if (set == nullptr || std::string(set) != "1") return 20000;
#endif
  return 100000;
}

TEST(Random, SequencesOfCallsLeaveNothingBehind) {
  const int count = sequences();
  int finalized = 0, executed = 0;
  for (int seed = 0; seed < count; ++seed) {
    Pool pool;
    Player player(pool, static_cast<uint32_t>(seed));
    player.play(kCalls);
    player.clean_up();
    ASSERT_EQ(0u, Registry::instance().live()) << "seed " << seed;
    if (HasFailure()) FAIL() << "seed " << seed;
    finalized += player.finalized;
    executed += player.executed;
  }
  // The calls are not all refused at the door.
  EXPECT_GT(finalized, count / 10);
  EXPECT_GT(executed, count / 20);
}

TEST(Random, SeveralThreadsOverTheSameHandles) {
  const int count = sequences();
  for (int round = 0; round < count / 100; ++round) {
    Pool pool;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&pool, seed = static_cast<uint32_t>(round * 3 + i)] {
        auto player = std::make_unique<Player>(pool, seed);
        player->play(4 * kCalls);
      });
    }
    for (std::thread& thread : threads) thread.join();
    Player(pool, 0).clean_up();
    ASSERT_EQ(0u, Registry::instance().live()) << "round " << round;
    if (HasFailure()) FAIL() << "round " << round;
  }
}

}  // namespace
