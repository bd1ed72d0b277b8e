#include "runs.h"

namespace qnn_host {

Runs::Runs(const std::vector<uint32_t>& dims, const std::vector<uint64_t>& a,
           const std::vector<uint64_t>& b) {
  std::vector<Axis> axes;  // from the innermost outwards, as few as possible
  uint64_t step = 1;
  for (size_t i = dims.size(); i-- > 0; step *= dims[i]) {
    if (dims[i] == 1) continue;
    if (!axes.empty()) {
      Axis& last = axes.back();
      if (a[i] == last.a * last.extent && b[i] == last.b * last.extent) {
        last.extent *= dims[i];
        continue;
      }
    }
    axes.push_back({dims[i], a[i], b[i], step});
  }
  // An innermost axis along which an operand steps by more than one element: rows of one.
  if (!axes.empty() && axes[0].a <= 1 && axes[0].b <= 1) {
    row_ = axes[0];
    axes.erase(axes.begin());
  }
  if (!axes.empty()) {
    block_ = axes[0];
    axes.erase(axes.begin());
  }
  outer_ = std::move(axes);
}

}  // namespace qnn_host
