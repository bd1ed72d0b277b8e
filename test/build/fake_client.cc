// Does to a model library what clients do, over the fake backend: fake_client BACKEND.so MODEL.so
// [scenario...]. Prints one line per scenario; the first unmet expectation ends it with status 1.
#include <dlfcn.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "QnnModelApi.h"
#include "fake_backend.h"

#define EXPECT(condition)                                                  \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::printf("%s:%d: not met: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                        \
    }                                                                      \
  } while (false)

namespace {

FakeStateFn fake_state;
FakeResetFn fake_reset;
FakeInterfaceFn fake_interface;
void* later_slot;
QnnModel_ComposeGraphsFn_t compose_graphs;
QnnModel_FreeGraphsInfoFn_t free_graphs;

char backend_object, context_object;
std::string logged;

void log_callback(const char* format, QnnLog_Level_t level, uint64_t, va_list arguments) {
  char text[4096];
  std::vsnprintf(text, sizeof text, format, arguments);
  EXPECT(level == QNN_LOG_LEVEL_ERROR);
  logged += text;
}

struct Composed {
  GraphInfo_t** graphs = nullptr;
  uint32_t count = 0;
};

ModelError_t compose(Composed* out, bool debug = false, QnnLog_Callback_t log = log_callback,
                     const GraphConfigInfo_t** configs = nullptr, uint32_t config_count = 0) {
  logged.clear();
  return compose_graphs(&backend_object, fake_interface(), &context_object, configs, config_count,
                        &out->graphs, &out->count, debug, log, QNN_LOG_LEVEL_ERROR);
}

void expect_clean() {
  EXPECT(fake_state()->complaints == 0);
}

void plain() {
  const GraphConfigInfo_t* none[] = {nullptr};
  Composed c;
  EXPECT(compose(&c, false, nullptr, none, 0) == MODEL_NO_ERROR);
  expect_clean();
  EXPECT(fake_state()->last_config == nullptr);
  EXPECT(c.count >= 1);
  for (uint32_t g = 0; g < c.count; ++g) {
    const GraphInfo_t& graph = *c.graphs[g];
    std::printf("graph %s\n", graph.graphName);
    EXPECT(graph.graph != nullptr && graph.updateableTensors == nullptr &&
           graph.numUpdateableTensors == 0);
    for (uint32_t i = 0; i < graph.numInputTensors; ++i) {
      EXPECT(graph.inputTensors[i].v1.type == QNN_TENSOR_TYPE_APP_WRITE);
      std::printf("input %s\n", graph.inputTensors[i].v1.name);
    }
    for (uint32_t i = 0; i < graph.numOutputTensors; ++i) {
      EXPECT(graph.outputTensors[i].v1.type == QNN_TENSOR_TYPE_APP_READ);
      EXPECT(graph.outputTensors[i].v1.id != 0 && graph.outputTensors[i].v1.rank > 0);
      std::printf("output %s\n", graph.outputTensors[i].v1.name);
    }
  }
  GraphInfo_t** stale = c.graphs;
  EXPECT(free_graphs(&c.graphs, c.count) == MODEL_NO_ERROR);
  EXPECT(c.graphs == nullptr);
  EXPECT(free_graphs(&c.graphs, c.count) == MODEL_NO_ERROR);
  EXPECT(free_graphs(&stale, c.count) == MODEL_INVALID_ARGUMENT_ERROR);
  EXPECT(free_graphs(nullptr, 0) == MODEL_NO_ERROR);
}

void never_frees() {
  Composed c;
  EXPECT(compose(&c) == MODEL_NO_ERROR);
}

void debug() {
  Composed c;
  EXPECT(compose(&c, true) == MODEL_NO_ERROR);
  expect_clean();
  uint64_t outputs = 0;
  for (uint32_t g = 0; g < c.count; ++g) outputs += c.graphs[g]->numOutputTensors;
  EXPECT(outputs == fake_state()->values);
  EXPECT(free_graphs(&c.graphs, c.count) == MODEL_NO_ERROR);
}

void configs_by_name() {
  Composed c;
  EXPECT(compose(&c) == MODEL_NO_ERROR);
  const std::string name = c.graphs[c.count - 1]->graphName;
  EXPECT(free_graphs(&c.graphs, c.count) == MODEL_NO_ERROR);
  const QnnGraph_Config_t* mine[] = {nullptr};
  const QnnGraph_Config_t* others[] = {nullptr};
  GraphConfigInfo_t other = {const_cast<char*>("another_graph"), others};
  GraphConfigInfo_t own = {const_cast<char*>(name.c_str()), mine};
  const GraphConfigInfo_t* list[] = {&other, &own};
  fake_reset();
  EXPECT(compose(&c, false, log_callback, list, 2) == MODEL_NO_ERROR);
  EXPECT(fake_state()->last_config == mine);
  EXPECT(free_graphs(&c.graphs, c.count) == MODEL_NO_ERROR);
  fake_reset();
  EXPECT(compose(&c, false, log_callback, list, 1) == MODEL_NO_ERROR);
  EXPECT(fake_state()->last_config == nullptr);
  EXPECT(free_graphs(&c.graphs, c.count) == MODEL_NO_ERROR);
}

void twice() {
  Composed a, b;
  EXPECT(compose(&a) == MODEL_NO_ERROR);
  const uint64_t checksum = fake_state()->checksum;
  fake_state()->checksum = 0;
  EXPECT(compose(&b) == MODEL_NO_ERROR);
  EXPECT(fake_state()->checksum == checksum);
  expect_clean();
  EXPECT(a.graphs != b.graphs && a.graphs[0]->graph != b.graphs[0]->graph);
  EXPECT(free_graphs(&b.graphs, b.count) == MODEL_NO_ERROR);
  EXPECT(std::strlen(a.graphs[0]->graphName) > 0);
  EXPECT(free_graphs(&a.graphs, a.count) == MODEL_NO_ERROR);
}

// Every call of the backend fails once.
void failures() {
  Composed c;
  uint64_t k = 1;
  for (;; ++k) {
    fake_reset();
    fake_state()->fail_at = k;
    const ModelError_t error = compose(&c, false, k % 2 == 0 ? log_callback : log_callback);
    if (error == MODEL_NO_ERROR) break;
    EXPECT(c.graphs == nullptr && c.count == 0);
    EXPECT(fake_state()->calls == k);
    EXPECT(logged.find("rwkvc: graph ") == 0);
    EXPECT(error == MODEL_GRAPH_ERROR || logged.find(".rwkv.ts:") != std::string::npos ||
           error == MODEL_TENSOR_ERROR);
    if (k == 1) EXPECT(error == MODEL_GRAPH_ERROR);
    if (error == MODEL_GRAPH_OP_VALIDATION_ERROR || error == MODEL_NODES_ERROR) {
      EXPECT(logged.find("inputs ") != std::string::npos &&
             logged.find("outputs ") != std::string::npos);
      if (k < 40) std::printf("%s", logged.c_str());
    }
  }
  EXPECT(free_graphs(&c.graphs, c.count) == MODEL_NO_ERROR);
  std::printf("%llu failing calls\n", static_cast<unsigned long long>(k - 1));
}

void no_validator() {
  fake_state()->with_validator = false;
  Composed c;
  EXPECT(compose(&c) == MODEL_NO_ERROR);
  expect_clean();
  EXPECT(free_graphs(&c.graphs, c.count) == MODEL_NO_ERROR);
}

#if defined(__x86_64__)
// A client of API 2.32 passes 71 slots; the library's idea of debug and logCallback falls on slots
// 63 and 64.
struct LargerInterface {
  QNN_INTERFACE_VER_TYPE base;
  void* more[9];
};
using LargerComposeFn = ModelError_t (*)(Qnn_BackendHandle_t, LargerInterface, Qnn_ContextHandle_t,
                                         const GraphConfigInfo_t**, uint32_t, GraphInfo_t***,
                                         uint32_t*, bool, QnnLog_Callback_t, QnnLog_Level_t);

void larger_interface_with(void* debug_slot, void* log_slot) {
  LargerInterface larger = {fake_interface(), {debug_slot, log_slot}};
  for (int i = 2; i < 9; ++i) larger.more[i] = later_slot;
  Composed c;
  const auto call = reinterpret_cast<LargerComposeFn>(reinterpret_cast<void*>(compose_graphs));
  EXPECT(call(&backend_object, larger, &context_object, nullptr, 0, &c.graphs, &c.count, true,
              log_callback, QNN_LOG_LEVEL_DEBUG) == MODEL_NO_ERROR);
  EXPECT(c.graphs[0]->numOutputTensors < fake_state()->values);
  EXPECT(free_graphs(&c.graphs, c.count) == MODEL_NO_ERROR);
  fake_reset();
  fake_state()->fail_at = 5;
  EXPECT(call(&backend_object, larger, &context_object, nullptr, 0, &c.graphs, &c.count, false,
              log_callback, QNN_LOG_LEVEL_DEBUG) != MODEL_NO_ERROR);
  fake_reset();
}

void larger_interface() {
  // Functions of the backend, slots that it leaves empty, and junk behind a table that is shorter
  // than the struct.
  void* const junk = reinterpret_cast<void*>(0x5a5a5a01);
  larger_interface_with(later_slot, later_slot);
  larger_interface_with(later_slot, nullptr);
  larger_interface_with(nullptr, later_slot);
  larger_interface_with(nullptr, nullptr);
  larger_interface_with(later_slot, junk);
}
#else
void larger_interface() {}
#endif

void bad_arguments() {
  Composed c;
  EXPECT(compose_graphs(&backend_object, fake_interface(), &context_object, nullptr, 0, nullptr,
                        &c.count, false, log_callback,
                        QNN_LOG_LEVEL_ERROR) == MODEL_INVALID_ARGUMENT_ERROR);
  QNN_INTERFACE_VER_TYPE empty;
  std::memset(&empty, 0, sizeof empty);
  EXPECT(compose_graphs(&backend_object, empty, &context_object, nullptr, 0, &c.graphs, &c.count,
                        false, log_callback, QNN_LOG_LEVEL_ERROR) == MODEL_INVALID_ARGUMENT_ERROR);
}

// For libraries whose weights are wrong: prints the code and message.
void compose_only() {
  Composed c;
  const ModelError_t error = compose(&c, false, nullptr);
  std::printf("error %d\n", static_cast<int>(error));
  if (error == MODEL_NO_ERROR) EXPECT(free_graphs(&c.graphs, c.count) == MODEL_NO_ERROR);
}

template <typename Function>
void find(Function& function, void* library, const char* name) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) {
    std::printf("no symbol %s\n", name);
    std::exit(1);
  }
}

void* load(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::printf("%s\n", dlerror());
    std::exit(1);
  }
  return library;
}

struct Scenario {
  const char* name;
  void (*run)();
};
constexpr Scenario kScenarios[] = {
    {"plain", plain},
    {"debug", debug},
    {"configs_by_name", configs_by_name},
    {"twice", twice},
    {"failures", failures},
    {"no_validator", no_validator},
    {"larger_interface", larger_interface},
    {"bad_arguments", bad_arguments},
    {"compose_only", compose_only},
    {"never_frees", never_frees},
};

}  // namespace

int main(int argc, char** argv) {
  void* backend = load(argv[1]);
  find(fake_state, backend, "fake_state");
  find(fake_reset, backend, "fake_reset");
  find(fake_interface, backend, "fake_interface");
  later_slot = dlsym(backend, "fake_later_slot");
  void* model = load(argv[2]);
  find(compose_graphs, model, "QnnModel_composeGraphs");
  find(free_graphs, model, "QnnModel_freeGraphsInfo");
  for (int i = 3; i < argc; ++i) {
    for (const Scenario& scenario : kScenarios) {
      if (std::strcmp(scenario.name, argv[i]) != 0) continue;
      fake_reset();
      scenario.run();
      std::printf("ok %s\n", scenario.name);
      std::fflush(stdout);
    }
  }
  fake_reset();
  return 0;
}
