#pragma once

#include <optional>
#include <string>

#include "Host/QnnHost.h"
#include "api.h"
#include "graph.h"
#include "overflow.h"

namespace rwkv {

/// What the project's own backend tells beyond the QNN API (Host/QnnHost.h). Of another backend's
/// table nothing is asked.
class HostBackend {
 public:
  static HostBackend of(const Api& api);

  bool is_there() const { return table_ != nullptr; }
  const QnnHostDevice_Infrastructure_t* table() const { return table_; }
  /// "AVX2", ...; empty for another backend.
  std::string instruction_set() const;
  /// Of the graph's last execution; none when all values were finite, or for another backend.
  std::optional<Overflow> overflow(const Graph& graph) const;

 private:
  const QnnHostDevice_Infrastructure_t* table_ = nullptr;
};

}  // namespace rwkv
