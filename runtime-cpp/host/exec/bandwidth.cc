#include <chrono>

#include "graph_executor.h"

namespace qnn_host {

double GraphExecutor::measure_read_bandwidth(uint64_t bytes) {
  (void)bytes;
  return 0;
}

#ifndef RWKV_HAS_HIGHWAY
const char* instruction_set() {
  return "none";
}
#endif

}  // namespace qnn_host
