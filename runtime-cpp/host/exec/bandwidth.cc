#include "bandwidth.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "executor.h"
#include "simd/products.h"
#include "threads/thread_pool.h"

namespace qnn_host {
namespace {

constexpr uint64_t kPart = uint64_t{1} << 20;
/// Read instead of weights where there are few: beyond all caches.
constexpr uint64_t kLeast = uint64_t{64} << 20;

}  // namespace

void BandwidthProbe::cut(uint64_t bytes) {
  if (bytes == cut_bytes_) return;
  cut_bytes_ = bytes;
  parts_.clear();
  uint64_t there = 0;
  for (const PackedView& weight : weights_) there += weight.bytes;
  std::vector<PackedView> sources = weights_;
  if (there < std::min(bytes, kLeast)) {
    own_ = HugeMemory(std::min(bytes, kLeast));
    if (own_.data() == nullptr) return;
    std::memset(own_.data(), 1, own_.bytes());
    sources = {{own_.data(), own_.bytes(), true}};
  }
  for (size_t i = 0; bytes != 0; i = (i + 1) % sources.size()) {
    const uint64_t taken = std::min(bytes, sources[i].bytes);
    for (uint64_t at = 0; at < taken; at += kPart)
      parts_.push_back({sources[i].data + at, std::min(kPart, taken - at), false});
    bytes -= taken;
  }
}

void BandwidthProbe::compute(const void*, uint32_t chunk, void* result) const {
  const uint64_t sum = read_memory(parts_[chunk].data, parts_[chunk].bytes);
  std::memcpy(result, &sum, sizeof sum);
}

void BandwidthProbe::commit(const void* result, uint32_t, void* output) const {
  std::memcpy(output, result, sizeof(uint64_t));
}

double BandwidthProbe::measure(uint64_t bytes, ThreadPool* threads) {
  if (bytes == 0) return 0;
  cut(bytes);
  if (parts_.empty()) return 0;
  uint64_t sink = 0;
  const auto start = std::chrono::steady_clock::now();
  if (threads != nullptr) {
    threads->operand(0);
    threads->run(*this, &sink);
  } else {
    for (uint32_t i = 0; i < parts_.size(); ++i) compute(nullptr, i, &sink);
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return static_cast<double>(bytes) / taken.count();
}

}  // namespace qnn_host
