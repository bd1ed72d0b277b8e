#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "chunked_work.h"
#include "job.h"

namespace qnn_host {

/// Threads that help one caller. The caller never waits for a helper that the system does not run:
/// what helpers have not finished when nothing else is left to do, it computes itself. Helpers
/// sleep when there is no work, and are not woken while they turn out to be of no use (a busy
/// machine).
class ThreadPool {
 public:
  /// `threads` counts the caller; there are fewer where the system gives no more.
  explicit ThreadPool(uint32_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;

  uint32_t threads() const { return static_cast<uint32_t>(helpers_.size()) + 1; }

  /// Memory for the operand of the next work, which `run` then takes: nobody else reads it now.
  void* operand(uint64_t bytes);
  /// Computes all chunks into `output`. Work and output are not touched after it returns, except
  /// that helpers may still read the work: it must live as long as the pool.
  void run(const ChunkedWork& work, void* output);

 private:
  using Clock = std::chrono::steady_clock;

  /// More than one for each helper, so that there is always one that nobody is in.
  static constexpr uint32_t kSpareJobs = 4;

  void help();
  void serve(Job& job, std::vector<uint8_t>& result);
  Job& free_job();
  void publish(Job& job);
  void finish(Job& job, std::vector<uint8_t>& result, Clock::time_point patience);
  void judge(uint32_t helped, uint32_t chunks);

  std::vector<std::unique_ptr<Job>> jobs_;
  Job* next_ = nullptr;  ///< whose operand has been given out
  std::atomic<Job*> current_{nullptr};
  /// Counts published jobs; helpers sleep on it.
  std::atomic<uint32_t> generation_{0};
  std::atomic<uint32_t> sleeping_{0};
  std::atomic<bool> stop_{false};
  std::vector<uint8_t> result_;  ///< the caller's

  // What helpers are worth: chunks of theirs in the last jobs, and jobs to come without them.
  uint32_t judged_jobs_ = 0, helped_ = 0, possible_ = 0;
  uint32_t pause_ = 0, next_pause_ = 0;

  std::vector<std::thread> helpers_;
};

}  // namespace qnn_host
