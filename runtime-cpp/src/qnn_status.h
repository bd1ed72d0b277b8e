#pragma once

#include <cstdint>
#include <string>

#include "error.h"

namespace rwkv {

/// What a QNN error code means, as far as headers and experience tell.
struct QnnStatus {
  uint32_t code = 0;  ///< low 16 bits of the Qnn_ErrorHandle_t: the rest is the library's own
  const char* name = "";
  const char* meaning = "";
  const char* hint = "";
  ErrorKind kind = ErrorKind::kInternal;
};

/// Never fails: an unknown code gets the part of QNN that its number belongs to.
QnnStatus describe_status(uint64_t handle);

/// Whether the code is 1000: a part that this library lacks, on this platform or at all.
inline bool is_unsupported(uint64_t handle) {
  return (handle & 0xFFFF) == 1000;
}

/// "1002 QNN_COMMON_ERROR_MEM_ALLOC: out of memory, or ...".
std::string status_text(const QnnStatus& status);

}  // namespace rwkv
