#include "huge_memory.h"

#include <sys/mman.h>
#include <unistd.h>

namespace qnn_host {

HugeMemory::HugeMemory(uint64_t bytes) {
  if (bytes == 0) return;
  // The kernel aligns large anonymous mappings to huge pages itself, since 5.18 or so; a hint is
  // all that is needed, and it may be refused.
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  madvise(memory, bytes, MADV_HUGEPAGE);
  data_ = static_cast<uint8_t*>(memory);
  bytes_ = bytes;
}

HugeMemory::~HugeMemory() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

void drop_file_pages(const void* data, uint64_t bytes) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(data) + page - 1) / page * page;
  const auto end = (reinterpret_cast<uintptr_t>(data) + bytes) / page * page;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace qnn_host
