// Work in chunks on several threads: every chunk once in the output, whoever computes it, and no
// waiting for a helper that does not run.
#include "threads/thread_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <chrono>
#include <numeric>
#include <random>

#include "test_graph.h"

namespace qnn_host {
namespace {

/// out[chunk] = chunk * the operand.
class Multiples : public ChunkedWork {
 public:
  explicit Multiples(uint32_t chunks) : chunks_(chunks) {}
  uint32_t chunks() const override { return chunks_; }
  uint64_t chunk_bytes() const override { return sizeof(uint64_t); }
  void compute(const void* operand, uint32_t chunk, void* result) const override {
    *static_cast<uint64_t*>(result) = chunk * *static_cast<const uint64_t*>(operand);
  }
  void commit(const void* result, uint32_t chunk, void* output) const override {
    static_cast<uint64_t*>(output)[chunk] = *static_cast<const uint64_t*>(result);
  }

 private:
  const uint32_t chunks_;
};

TEST(ThreadPool, WorksWithTheThreadsThatTheSystemGives) {
  const Multiples work(7);
  pthread_attr_t usual, huge;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  ASSERT_EQ(pthread_getattr_default_np(&huge), 0);
  // No thread has room for such a stack.
  ASSERT_EQ(pthread_attr_setstacksize(&huge, size_t{1} << 46), 0);
  ASSERT_EQ(pthread_setattr_default_np(&huge), 0);
  ThreadPool pool(4);
  ASSERT_EQ(pthread_setattr_default_np(&usual), 0);
  EXPECT_EQ(pool.threads(), 1u);
  std::vector<uint64_t> out(work.chunks());
  *static_cast<uint64_t*>(pool.operand(sizeof(uint64_t))) = 3;
  pool.run(work, out.data());
  EXPECT_EQ(out, (std::vector<uint64_t>{0, 3, 6, 9, 12, 15, 18}));
}

TEST(ThreadPool, EveryChunkIsInTheOutputOfEveryJob) {
  // Before the pool: its helpers may be at a work until the pool is gone.
  std::vector<std::unique_ptr<Multiples>> works;
  for (uint32_t chunks : {0u, 1u, 2u, 7u, 100u})
    works.push_back(std::make_unique<Multiples>(chunks));
  for (const uint32_t threads : {1u, 2u, 4u}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (uint64_t job = 0; job < 20000; ++job) {
      const Multiples& work = *works[job % works.size()];
      std::vector<uint64_t> out(work.chunks(), UINT64_MAX);
      *static_cast<uint64_t*>(pool.operand(sizeof job)) = job;
      pool.run(work, out.data());
      for (uint32_t i = 0; i < work.chunks(); ++i) ASSERT_EQ(out[i], i * job) << "job " << job;
    }
  }
}

/// Helpers get stuck in their first chunk, as if the system had put them aside.
class Stuck : public Multiples {
 public:
  Stuck(uint32_t chunks, std::thread::id caller) : Multiples(chunks), caller_(caller) {}
  void compute(const void* operand, uint32_t chunk, void* result) const override {
    if (std::this_thread::get_id() != caller_) {
      while (!released) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } else {
      // Long enough for helpers to claim a chunk.
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    Multiples::compute(operand, chunk, result);
  }
  mutable std::atomic<bool> released{false};

 private:
  const std::thread::id caller_;
};

TEST(ThreadPool, NobodyWaitsForAHelperThatDoesNotRun) {
  Stuck stuck(20, std::this_thread::get_id());
  ThreadPool pool(3);
  for (uint64_t job = 1; job <= 20; ++job) {
    std::vector<uint64_t> out(20);
    *static_cast<uint64_t*>(pool.operand(sizeof job)) = job;
    pool.run(stuck, out.data());  // would not return before `released`
    for (uint64_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], i * job);
  }
  stuck.released = true;
}

/// Linear layers of several chunks, and what lies between them.
std::vector<uint8_t> run_with(uint32_t threads, uint32_t rows) {
  constexpr uint32_t kWidth = 512;
  TestGraph graph;
  const uint32_t x = graph.input("x", {rows, kWidth}), y = graph.output("y", {rows, kWidth});
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0.0f, 0.05f);
  uint32_t last = x;
  for (int layer = 0; layer < 4; ++layer) {
    std::vector<float> weight(kWidth * kWidth);
    for (float& value : weight) value = normal(random);
    const std::string suffix = std::to_string(layer);
    const uint32_t w = graph.constant("w" + suffix, {kWidth, kWidth}, weight);
    const uint32_t product = graph.value("p" + suffix, {rows, kWidth});
    const uint32_t next = layer == 3 ? y : graph.value("v" + suffix, {rows, kWidth});
    graph.node("FullyConnected", {last, w}, {product});
    graph.node("Tanh", {product}, {next});
    last = next;
  }
  ExecutorOptions options;
  options.threads = threads;
  TestRun run(graph.model(), options);
  std::vector<float> values(rows * kWidth);
  for (float& value : values) value = 20 * normal(random);
  run.set(x, values);
  for (int i = 0; i < 20; ++i) run.execute();
  return run.bytes(y);
}

TEST(ThreadPool, ResultsDoNotDependOnTheNumberOfThreads) {
  for (const uint32_t rows : {1u, 40u}) {
    const std::vector<uint8_t> one = run_with(1, rows);
    for (const uint32_t threads : {2u, 3u, 8u}) EXPECT_EQ(run_with(threads, rows), one);
  }
}

TEST(ThreadPool, TheFootprintTellsTheNumberOfThreads) {
  TestGraph graph;
  const uint32_t x = graph.input("x", {4}), y = graph.output("y", {4});
  graph.node("ElementWiseAdd", {x, x}, {y});
  ExecutorOptions options;
  options.threads = 3;
  TestRun run(graph.model(), options);
  EXPECT_EQ(run.executor().footprint().threads, 3u);
}

}  // namespace
}  // namespace qnn_host
