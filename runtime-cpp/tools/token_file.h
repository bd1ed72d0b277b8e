#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "result.h"

namespace rwkv {

/// Token ids separated by white space; at least one.
Result<std::vector<int32_t>> read_tokens(const std::string& path);

}  // namespace rwkv
