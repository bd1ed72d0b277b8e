#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

namespace qnn_host {

// Sleeping on a number without a lock: a thread that the system has put aside can then hold nothing
// that another one needs.

/// Sleeps while the number is `seen`, until it is woken; may return earlier.
inline void futex_wait(std::atomic<uint32_t>* number, uint32_t seen) {
  syscall(SYS_futex, number, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
}

inline void futex_wake_all(std::atomic<uint32_t>* number) {
  syscall(SYS_futex, number, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace qnn_host
