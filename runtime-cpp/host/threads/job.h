#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "chunked_work.h"

namespace qnn_host {

/// One run of a ChunkedWork, and who computes which chunk.
class Job {
 public:
  /// Only while nobody is inside and nobody can come in.
  void prepare(const ChunkedWork& work, void* output) {
    work_ = &work;
    output_ = output;
    chunks_ = work.chunks();
    if (capacity_ < chunks_) {
      states_ = std::make_unique<std::atomic<uint8_t>[]>(chunks_);
      capacity_ = chunks_;
    }
    for (uint32_t i = 0; i < chunks_; ++i) states_[i].store(kFree, std::memory_order_relaxed);
    next_.store(0, std::memory_order_relaxed);
    helped_.store(0, std::memory_order_relaxed);
  }

  uint8_t* operand(uint64_t bytes) {
    if (operand_bytes_ < bytes) {
      operand_.reset(new uint8_t[bytes + 64]);
      operand_bytes_ = bytes;
    }
    const auto address = reinterpret_cast<uintptr_t>(operand_.get());
    return operand_.get() + (64 - address % 64) % 64;
  }

  const ChunkedWork& work() const { return *work_; }
  uint32_t chunks() const { return chunks_; }
  uint32_t helped() const { return helped_.load(std::memory_order_relaxed); }

  /// A chunk that nobody has; `chunks()` or more when there is none left.
  uint32_t claim() { return next_.fetch_add(1, std::memory_order_relaxed); }

  /// A helper's turn at a chunk it has claimed.
  void help(uint32_t chunk, void* result) {
    uint8_t expected = kFree;
    if (!states_[chunk].compare_exchange_strong(expected, kHelped)) return;
    work_->compute(operand(0), chunk, result);
    expected = kHelped;
    if (!states_[chunk].compare_exchange_strong(expected, kCommitting)) return;
    work_->commit(result, chunk, output_);
    states_[chunk].store(kDone, std::memory_order_release);
    helped_.fetch_add(1, std::memory_order_relaxed);
  }

  bool done(uint32_t chunk) const {
    return states_[chunk].load(std::memory_order_acquire) == kDone;
  }

  /// The caller's turn: false when a helper is just copying its result.
  bool take(uint32_t chunk, void* result) {
    for (const uint8_t from : {kFree, kHelped}) {
      uint8_t expected = from;
      if (!states_[chunk].compare_exchange_strong(expected, kTaken)) continue;
      work_->compute(operand(0), chunk, result);
      work_->commit(result, chunk, output_);
      states_[chunk].store(kDone, std::memory_order_relaxed);
      return true;
    }
    return done(chunk);
  }

  // Helpers inside.
  void enter() { users_.fetch_add(1); }
  void leave() { users_.fetch_sub(1); }
  bool empty() const { return users_.load() == 0; }

 private:
  enum : uint8_t { kFree, kHelped, kTaken, kCommitting, kDone };

  const ChunkedWork* work_ = nullptr;
  void* output_ = nullptr;
  uint32_t chunks_ = 0, capacity_ = 0;
  std::unique_ptr<std::atomic<uint8_t>[]> states_;
  std::atomic<uint32_t> next_{0}, helped_{0}, users_{0};
  std::unique_ptr<uint8_t[]> operand_;
  uint64_t operand_bytes_ = 0;
};

}  // namespace qnn_host
