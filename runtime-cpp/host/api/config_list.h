#pragma once

#include <utility>

namespace qnn_host {

/// Calls `take` for each config of a null-terminated list (which may be null itself) until one is
/// refused; gives its Fault, or none.
template <typename Config, typename Take>
auto each_config(const Config* const* list, Take take) -> decltype(take(**list)) {
  for (; list != nullptr && *list != nullptr; ++list) {
    if (auto fault = take(**list)) return fault;
  }
  return {};
}

}  // namespace qnn_host
