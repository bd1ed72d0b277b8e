#pragma once

#include <string>
#include <string_view>

#include "result.h"

namespace rwkv {

/// The bytes of a Python string or bytes literal, all of `text`, as Python 3 reads it: single or
/// double quotes, prefixes b, r, u and their pairs, every escape but \N{...}. A string becomes
/// UTF-8. The error's message says what is wrong, without a place.
Result<std::string> parse_python_literal(std::string_view text);

}  // namespace rwkv
