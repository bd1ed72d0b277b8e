#include "graph_options.h"

namespace rwkv {
namespace {

QnnGraph_Config_t as_graph_config(QnnHostGraph_CustomConfig_t& record) {
  QnnGraph_Config_t config = QNN_GRAPH_CONFIG_INIT;
  config.option = QNN_GRAPH_CONFIG_OPTION_CUSTOM;
  config.customConfig = &record;
  return config;
}

}  // namespace

GraphOptions::GraphOptions(const std::vector<std::string>& graph_names, const Htp& htp) {
  for (const std::string& name : graph_names) {
    auto graph = std::make_unique<PerGraph>();
    graph->name = name;
    graph->records.push_back(htp_vtcm_config(htp.vtcm_mb));
    graph->records.push_back(htp_optimization_config(kHtpOptimizationLevel, htp.optimization));
    if (htp.float16) graph->records.push_back(htp_precision_config(QNN_PRECISION_FLOAT16));
    for (HtpGraphConfig& record : graph->records)
      graph->configs.push_back(rwkv::as_graph_config(record));
    finish(std::move(graph));
  }
}

GraphOptions::GraphOptions(const std::vector<std::string>& graph_names, const Host& host) {
  for (const std::string& name : graph_names) {
    auto graph = std::make_unique<PerGraph>();
    graph->name = name;
    graph->host_records.push_back({QNN_HOST_GRAPH_CONFIG_OPTION_THREADS, host.threads});
    if (host.mapped_weights)
      graph->host_records.push_back({QNN_HOST_GRAPH_CONFIG_OPTION_MAPPED_STATIC_DATA, 1});
    for (QnnHostGraph_CustomConfig_t& record : graph->host_records)
      graph->configs.push_back(as_graph_config(record));
    finish(std::move(graph));
  }
}

/// The records are complete: they do not move any more.
void GraphOptions::finish(std::unique_ptr<PerGraph> graph) {
  for (const QnnGraph_Config_t& config : graph->configs) graph->pointers.push_back(&config);
  graph->pointers.push_back(nullptr);
  graph->info.graphName = &graph->name[0];
  graph->info.graphConfigs = graph->pointers.data();
  list_.back() = &graph->info;
  list_.push_back(nullptr);
  graphs_.push_back(std::move(graph));
}

}  // namespace rwkv
