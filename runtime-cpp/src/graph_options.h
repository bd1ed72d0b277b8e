#pragma once

#include <memory>
#include <string>
#include <vector>

#include "Host/QnnHost.h"
#include "QnnModelApi.h"
#include "htp_config.h"

namespace rwkv {

/// Options for the graphs that a model library creates: passed to composeGraphs by graph name.
/// The records point into one another, so an object stays where it was made.
class GraphOptions {
 public:
  struct Htp {
    uint32_t vtcm_mb = 0;  ///< 0 takes all the SoC has
    float optimization = 3;
    bool float16 =
        true;  ///< float math in half precision; without it HTP expects a quantized graph
  };

  struct Host {
    uint32_t threads = 0;  ///< 0: as many as the machine has cores
    /// Static data are the weights file's mapping: never without that (Host/QnnHost.h).
    bool mapped_weights = false;
  };

  /// No options: for backends that need none.
  GraphOptions() = default;
  GraphOptions(const std::vector<std::string>& graph_names, const Htp& htp);
  GraphOptions(const std::vector<std::string>& graph_names, const Host& host);
  GraphOptions(const GraphOptions&) = delete;
  GraphOptions& operator=(const GraphOptions&) = delete;

  /// Never null: runners pass a list even for a count of 0.
  const GraphConfigInfo_t** list() { return list_.data(); }
  uint32_t count() const { return static_cast<uint32_t>(list_.size() - 1); }

 private:
  struct PerGraph {
    std::string name;
    std::vector<HtpGraphConfig> records;
    std::vector<QnnHostGraph_CustomConfig_t> host_records;
    std::vector<QnnGraph_Config_t> configs;
    std::vector<const QnnGraph_Config_t*> pointers;  ///< null at the end
    GraphConfigInfo_t info = {};
  };
  void finish(std::unique_ptr<PerGraph> graph);

  std::vector<std::unique_ptr<PerGraph>> graphs_;
  std::vector<const GraphConfigInfo_t*> list_ = {nullptr};  ///< null at the end
};

}  // namespace rwkv
