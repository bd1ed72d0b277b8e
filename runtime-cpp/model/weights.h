// The model's constants in memory: a mapped weights file, or the bytes that were linked into the
// library.
#pragma once

#include <cstdint>

#include "rwkvc_model.h"

namespace rwkvc {

// First 64 bytes of a weights file, little-endian.
struct WeightsHeader {
  char magic[8];  // "RWKVCWTS"
  uint32_t version;
  uint32_t header_bytes;
  uint64_t file_bytes;
  uint8_t id[32];
  uint64_t reserved;
};
static_assert(sizeof(WeightsHeader) == 64, "part of the file format");

struct WeightsView {
  const uint8_t* data;  // null: `message` says why
  uint64_t bytes;
  char message[5000];
};

// Maps the file (once per process, read-only) and checks that it is the one this library was built
// with. What it returns stays valid until the library is unloaded: backends may read constants as
// late as graphFinalize and after.
void open_weights(const WeightsFile& file, WeightsView* view);

}  // namespace rwkvc
