#pragma once

#include <cstdint>
#include <memory>

namespace qnn_host {

/// A copy whose address is a multiple of 64 bytes.
std::shared_ptr<const uint8_t> copy_aligned(const uint8_t* data, uint64_t bytes);

}  // namespace qnn_host
