// Runs a model library on a genuine QNN backend: qnn_client BACKEND.so MODEL.so [MODE [GRAPH]]
// composes, finalizes, executes once with every input 0 and prints each output as NAME followed by
// its float32 values. MODE "finalize_only" ends before; "net_run" does as qnn-net-run does when
// asked for all it can: debug = true, and configs by the name of a graph. It passes no log callback
// and never frees.
#include <dlfcn.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "QnnModelApi.h"

namespace {

void die(const char* what, unsigned long long status) {
  std::printf("failed: %s: %llu\n", what, status & 0xffff);
  std::_Exit(1);
}

uint32_t bytes_of(const Qnn_Tensor_t& tensor) {
  uint32_t bytes = tensor.v1.dataType == QNN_DATATYPE_FLOAT_16 ? 2 : 4;
  for (uint32_t i = 0; i < tensor.v1.rank; ++i) bytes *= tensor.v1.dimensions[i];
  return bytes;
}

std::vector<std::vector<uint8_t>> bind(Qnn_Tensor_t* tensors, uint32_t count) {
  std::vector<std::vector<uint8_t>> buffers(count);
  for (uint32_t i = 0; i < count; ++i) {
    buffers[i].assign(bytes_of(tensors[i]), 0);
    tensors[i].v1.clientBuf = {buffers[i].data(), static_cast<uint32_t>(buffers[i].size())};
  }
  return buffers;
}

}  // namespace

int main(int argc, char** argv) {
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  void* model = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr || model == nullptr) die(dlerror(), 0);
  const auto get_providers =
      reinterpret_cast<Qnn_ErrorHandle_t (*)(const QnnInterface_t***, uint32_t*)>(
          dlsym(library, "QnnInterface_getProviders"));
  const QnnInterface_t** providers = nullptr;
  uint32_t count = 0;
  if (get_providers(&providers, &count) != QNN_SUCCESS || count == 0) die("getProviders", 0);
  const QNN_INTERFACE_VER_TYPE& qnn = providers[0]->QNN_INTERFACE_VER_NAME;
  Qnn_BackendHandle_t backend = nullptr;
  Qnn_ContextHandle_t context = nullptr;
  if (auto s = qnn.backendCreate(nullptr, nullptr, &backend)) die("backendCreate", s);
  if (auto s = qnn.contextCreate(backend, nullptr, nullptr, &context)) die("contextCreate", s);
  const auto compose =
      reinterpret_cast<QnnModel_ComposeGraphsFn_t>(dlsym(model, "QnnModel_composeGraphs"));
  GraphInfo_t** graphs = nullptr;
  uint32_t graph_count = 0;
  const bool net_run = argc > 4 && std::strcmp(argv[3], "net_run") == 0;
  const QnnGraph_Config_t* none[] = {nullptr};
  GraphConfigInfo_t config = {net_run ? argv[4] : nullptr, none};
  const GraphConfigInfo_t* configs[] = {&config};
  if (auto s = compose(backend, qnn, context, net_run ? configs : nullptr, net_run ? 1 : 0, &graphs,
                       &graph_count, net_run, nullptr, QNN_LOG_LEVEL_ERROR)) {
    die("composeGraphs", s);
  }
  for (uint32_t g = 0; g < graph_count; ++g) {
    GraphInfo_t& graph = *graphs[g];
    if (auto s = qnn.graphFinalize(graph.graph, nullptr, nullptr)) die("graphFinalize", s);
    std::printf("finalized %s\n", graph.graphName);
    if (argc > 3 && !net_run) continue;
    const auto inputs = bind(graph.inputTensors, graph.numInputTensors);
    const auto outputs = bind(graph.outputTensors, graph.numOutputTensors);
    if (auto s = qnn.graphExecute(graph.graph, graph.inputTensors, graph.numInputTensors,
                                  graph.outputTensors, graph.numOutputTensors, nullptr, nullptr)) {
      die("graphExecute", s);
    }
    for (uint32_t i = 0; i < graph.numOutputTensors; ++i) {
      std::printf("output %s", graph.outputTensors[i].v1.name);
      if (graph.outputTensors[i].v1.dataType == QNN_DATATYPE_FLOAT_32) {
        for (size_t j = 0; j + 4 <= outputs[i].size(); j += 4) {
          float value;
          std::memcpy(&value, &outputs[i][j], 4);
          std::printf(" %.9g", static_cast<double>(value));
        }
      }
      std::printf("\n");
    }
  }
  std::fflush(stdout);
  std::_Exit(0);  // the libraries' static destructors are not our subject
}
