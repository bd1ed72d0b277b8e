#include "graph_options.h"

namespace rwkv {

GraphOptions::GraphOptions(const std::vector<std::string>& graph_names, const Htp& htp) {
  list_.clear();
  for (const std::string& name : graph_names) {
    auto graph = std::make_unique<PerGraph>();
    graph->name = name;
    graph->records.push_back(htp_vtcm_config(htp.vtcm_mb));
    graph->records.push_back(htp_optimization_config(kHtpOptimizationLevel, htp.optimization));
    if (htp.float16) graph->records.push_back(htp_precision_config(QNN_PRECISION_FLOAT16));
    for (HtpGraphConfig& record : graph->records) graph->configs.push_back(as_graph_config(record));
    for (const QnnGraph_Config_t& config : graph->configs) graph->pointers.push_back(&config);
    graph->pointers.push_back(nullptr);
    graph->info.graphName = &graph->name[0];
    graph->info.graphConfigs = graph->pointers.data();
    list_.push_back(&graph->info);
    graphs_.push_back(std::move(graph));
  }
  list_.push_back(nullptr);
}

}  // namespace rwkv
