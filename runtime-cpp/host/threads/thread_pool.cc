#include "thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <system_error>

#include "futex.h"

namespace qnn_host {
namespace {

/// How long a helper looks for the next job before it sleeps: longer than what lies between two
/// products of a layer; less than what waking it up would cost a token.
constexpr auto kSpin = std::chrono::microseconds(500);
constexpr std::chrono::steady_clock::duration kLeastPatience = std::chrono::microseconds(20);
/// Jobs after which the helpers' worth is judged, and the share of chunks below which they are left
/// alone for a while, longer each time.
constexpr uint32_t kJudgedJobs = 32;
constexpr uint32_t kLeastShare = 16;  // one in 16
constexpr uint32_t kFirstPause = 64, kLongestPause = 4096;

void breathe() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Helpers run on processors that nobody else wants. So they cannot take the caller's, nor make
/// another process slower; on a busy machine they simply do not run.
void step_back() {
#ifdef SCHED_IDLE
  sched_param none = {};
  sched_setscheduler(0, SCHED_IDLE, &none);
#endif
}

}  // namespace

ThreadPool::ThreadPool(uint32_t threads) {
  for (uint32_t i = 0; i < threads - 1 + kSpareJobs; ++i) jobs_.push_back(std::make_unique<Job>());
  try {
    while (helpers_.size() + 1 < threads) helpers_.emplace_back([this] { help(); });
  } catch (const std::system_error&) {
    // The system gives no more threads: there are fewer to help.
  }
}

ThreadPool::~ThreadPool() {
  stop_.store(true);
  generation_.fetch_add(1);
  futex_wake_all(&generation_);
  for (std::thread& helper : helpers_) helper.join();
}

void* ThreadPool::operand(uint64_t bytes) {
  if (next_ == nullptr) next_ = &free_job();
  return next_->operand(bytes);
}

Job& ThreadPool::free_job() {
  for (;;) {
    for (const std::unique_ptr<Job>& job : jobs_) {
      if (job.get() != current_.load() && job->empty()) return *job;
    }
  }
}

void ThreadPool::run(const ChunkedWork& work, void* output) {
  Job& job = *next_;
  next_ = nullptr;
  job.prepare(work, output);
  if (result_.size() < work.chunk_bytes()) result_.resize(work.chunk_bytes());
  const bool alone = helpers_.empty() || job.chunks() < 2 || pause_ != 0;
  if (pause_ != 0) --pause_;
  if (!alone) publish(job);
  const auto start = Clock::now();
  uint32_t taken = 0;
  for (uint32_t chunk = job.claim(); chunk < job.chunks(); chunk = job.claim(), ++taken)
    job.take(chunk, result_.data());
  if (alone) return;
  const auto now = Clock::now();
  finish(job, result_, now + std::max(kLeastPatience, (now - start) / std::max(taken, 1u)));
  current_.store(nullptr);
  judge(job.helped(), job.chunks());
}

void ThreadPool::publish(Job& job) {
  current_.store(&job);
  generation_.fetch_add(1);
  if (sleeping_.load() != 0) futex_wake_all(&generation_);
}

/// Waits for helpers until `patience` is over: one that is running needs no longer for its chunk
/// than the caller did for one of its own.
void ThreadPool::finish(Job& job, std::vector<uint8_t>& result, Clock::time_point patience) {
  for (uint32_t chunk = 0; chunk < job.chunks(); ++chunk) {
    while (!job.done(chunk) && Clock::now() < patience) breathe();
    for (uint32_t i = 0; !job.take(chunk, result.data()); ++i) {
      if (i < 1000)
        breathe();
      else
        std::this_thread::yield();
    }
  }
}

void ThreadPool::judge(uint32_t helped, uint32_t chunks) {
  helped_ += helped;
  possible_ += chunks;
  if (++judged_jobs_ < kJudgedJobs) return;
  if (helped_ * kLeastShare < possible_) {
    next_pause_ = next_pause_ == 0 ? kFirstPause : next_pause_ * 2;
    if (next_pause_ > kLongestPause) next_pause_ = kLongestPause;
    pause_ = next_pause_;
  } else {
    next_pause_ = 0;
  }
  judged_jobs_ = helped_ = possible_ = 0;
}

void ThreadPool::help() {
  step_back();
  std::vector<uint8_t> result;
  uint32_t seen = 0;
  while (!stop_.load()) {
    const auto until = Clock::now() + kSpin;
    uint32_t generation = generation_.load();
    for (uint32_t i = 0; generation == seen; generation = generation_.load()) {
      if (++i % 64 == 0 && Clock::now() > until) break;
      breathe();
    }
    if (generation == seen) {
      sleeping_.fetch_add(1);
      futex_wait(&generation_, seen);
      sleeping_.fetch_sub(1);
      continue;
    }
    seen = generation;
    Job* job = current_.load();
    if (job == nullptr) continue;
    job->enter();
    // Still current: then nobody prepares it anew before this thread has left.
    if (current_.load() == job) serve(*job, result);
    job->leave();
  }
}

void ThreadPool::serve(Job& job, std::vector<uint8_t>& result) {
  if (result.size() < job.work().chunk_bytes()) result.resize(job.work().chunk_bytes());
  for (uint32_t chunk = job.claim(); chunk < job.chunks(); chunk = job.claim())
    job.help(chunk, result.data());
}

}  // namespace qnn_host
