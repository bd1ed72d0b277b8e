#include "static_data.h"

#include <cstring>
#include <new>

namespace qnn_host {

std::shared_ptr<const uint8_t> copy_aligned(const uint8_t* data, uint64_t bytes) {
  constexpr std::align_val_t kAlignment{64};
  auto* copy = static_cast<uint8_t*>(::operator new(bytes, kAlignment));
  std::memcpy(copy, data, bytes);
  return {copy, [](const uint8_t* memory) {
            ::operator delete(const_cast<uint8_t*>(memory), kAlignment);
          }};
}

}  // namespace qnn_host
