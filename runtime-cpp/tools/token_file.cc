#include "token_file.h"

#include <algorithm>

#include "files.h"
#include "flags.h"

namespace rwkv {

Result<std::vector<int32_t>> read_tokens(const std::string& path) {
  RWKV_ASSIGN(const std::string text, read_file(path));
  std::vector<int32_t> tokens;
  constexpr char kSpace[] = " \t\r\n\f\v";
  for (size_t at = text.find_first_not_of(kSpace); at != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    uint64_t token = 0;
    if (!parse_count(text.substr(at, end - at), INT32_MAX, token)) {
      return input_error("token/malformed",
                         path + ": \"" + text.substr(at, std::min<size_t>(end - at, 20)) +
                             "\", word " + std::to_string(tokens.size() + 1) + ", is no token id");
    }
    tokens.push_back(static_cast<int32_t>(token));
    at = text.find_first_not_of(kSpace, end);
  }
  if (tokens.empty()) return input_error("token/none", path + " has no token ids");
  return tokens;
}

Result<std::vector<std::string>> read_names(const std::string& path) {
  RWKV_ASSIGN(const std::string text, read_file(path));
  std::vector<std::string> names;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) names.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (names.empty()) return input_error("trace/no-names", path + " names no tensors");
  return names;
}

}  // namespace rwkv
