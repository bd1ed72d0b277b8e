#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "result.h"

namespace rwkv {

/// Token ids separated by white space; at least one.
Result<std::vector<int32_t>> read_tokens(const std::string& path);

/// Names of tensors, one a line; at least one.
Result<std::vector<std::string>> read_names(const std::string& path);

}  // namespace rwkv
