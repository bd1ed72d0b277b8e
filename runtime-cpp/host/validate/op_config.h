#pragma once

#include "../api/fault.h"
#include "QnnTypes.h"
#include "kernel.h"

namespace qnn_host {

/// Finds the tensor that a client means; for parameters, with its data.
class TensorSource {
 public:
  virtual ~TensorSource() = default;
  /// Gives the place of an input or output in GraphModel::tensors.
  virtual Fault find(const Qnn_Tensor_t& source, uint32_t* place) = 0;
  virtual Fault find_data(const Qnn_Tensor_t& source, Param* param) = 0;
};

/// Reads an op config into a node. Its own faults: the version, what is null, parameters that are
/// neither scalar nor tensor. Calls the source for every tensor.
Fault read_op_config(const Qnn_OpConfig_t& config, TensorSource& tensors, Node* node);

/// Whether the op is known, the op table allows it (QNN_OP_PACKAGE_ERROR_VALIDATION_FAILURE), and
/// its shapes and values can be computed.
Fault check_op(const Op& op);

/// The op config by itself, its tensors taken as the client describes them.
Fault validate_op_config(const Qnn_OpConfig_t& config);

}  // namespace qnn_host
