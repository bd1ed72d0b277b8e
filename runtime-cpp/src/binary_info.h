#pragma once

#include <string>
#include <vector>

#include "System/QnnSystemInterface.h"
#include "api.h"
#include "tensor_info.h"

namespace rwkv {

/// What a context binary says of itself, copied out of the System library's records. Numbers that
/// its version does not have are 0.
struct BinaryGraph {
  std::string name;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  /// HTP only, from the graph's blob; sizes in bytes.
  bool has_htp = false;
  uint64_t spill_fill = 0;
  uint32_t vtcm = 0;
  uint32_t optimization_level = 0;
  uint64_t hvx_threads = 0;
  uint64_t const_size = 0;
  uint64_t shared_weights_size = 0;
  uint64_t io_size = 0;
};

struct BinaryInfo {
  uint32_t record_version = 0;
  uint32_t backend_id = 0;
  std::string build_id;
  Qnn_Version_t core = {};
  Qnn_Version_t backend = {};
  Qnn_Version_t blob = {};
  uint64_t blob_size = 0;
  uint32_t soc_model = 0;
  uint32_t dsp_arch = 0;
  std::vector<BinaryGraph> graphs;
};

/// The System library: reads context binaries without a backend.
class SystemLibrary {
 public:
  static Result<SystemLibrary> open(const std::string& path);
  /// For tests: a table that is not a library's.
  SystemLibrary(QNN_SYSTEM_INTERFACE_VER_TYPE table, Qnn_Version_t version)
      : fn_(table), version_(version) {}

  /// `name` is for messages.
  Result<BinaryInfo> read(const void* bytes, uint64_t size, const std::string& name) const;
  const Qnn_Version_t& version() const { return version_; }

 private:
  QNN_SYSTEM_INTERFACE_VER_TYPE fn_;
  Qnn_Version_t version_;
};

}  // namespace rwkv
