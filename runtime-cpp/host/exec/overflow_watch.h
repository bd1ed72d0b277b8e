#pragma once

#include <string>
#include <vector>

#include "Host/QnnHost.h"
#include "kernel.h"

namespace qnn_host {

/// Whether a float tensor's memory holds a value outside the finite numbers of its type. False for
/// other types.
bool is_outside_range(const Tensor& tensor, const void* data);

/// What is told of a node's output that holds such values.
class OverflowReport {
 public:
  /// `inputs` and `output` are the memory of the node's tensors, before anything is written over.
  OverflowReport(const GraphModel& model, const Node& node, size_t output, const void* output_data,
                 const std::vector<const void*>& inputs);
  OverflowReport(const OverflowReport&) = delete;

  const QnnHostGraph_Overflow_t& record() const { return record_; }

 private:
  std::vector<QnnHostGraph_Range_t> ranges_;
  QnnHostGraph_Overflow_t record_ = {};
};

}  // namespace qnn_host
