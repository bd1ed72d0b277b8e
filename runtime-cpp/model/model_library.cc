// The two functions that a model library exports. Their ABI is that of Qualcomm's tools:
// qnn-net-run and qnn-context-binary-generator load this library and call them, as does our own
// runtime.
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "composer.h"
#include "weights.h"

namespace rwkvc {
namespace {

// What composeGraphs has handed out and the client has not given back. Clients may never give it
// back (qnn-net-run 2.25 does not), give it back twice, or give back something else.
struct Handout {
  GraphInfo_t** pointers;
  GraphInfo_t* infos;
  uint32_t count;
  Handout* next;
};
pthread_mutex_t handouts_mutex = PTHREAD_MUTEX_INITIALIZER;
Handout* handouts = nullptr;

// Loaded object that an address lies in, or null.
const void* module_of(const void* address) {
  Dl_info info;
  return address != nullptr && dladdr(address, &info) != 0 ? info.dli_fbase : nullptr;
}

// The client passes the interface by value. On x86-64 that copy lies on the stack, in front of the
// last three arguments: a client built for a newer API has a larger struct, so that in their places
// this library finds further slots of the interface, which are functions of the backend (or junk
// behind the backend's own table). Then there is no way to know what the client meant; it gets no
// debug build, and messages go to stderr. On aarch64 the three arguments do not move. (Clients
// older than the headers that this library was built with are not supported: their slots differ.)
void take_wishes(Composer& composer, uint64_t debug_word, QnnLog_Callback_t log,
                 QnnLog_Level_t level) {
  // A slot that no client wraps: those that build the graph may be a client's own.
  const void* backend =
      module_of(reinterpret_cast<const void*>(composer.interface.propertyHasCapability));
  const void* log_module = module_of(reinterpret_cast<const void*>(log));
  const void* debug_module =
      module_of(reinterpret_cast<const void*>(static_cast<uintptr_t>(debug_word)));
  const bool newer_client =
      backend != nullptr && (log_module == backend || debug_module == backend);
  if (newer_client) return;
  // A bool's upper bytes are undefined in the ABI; its low byte is 0 or 1.
  composer.debug = (debug_word & 0xff) == 1;
  if (log_module != nullptr) {
    composer.log = log;
    composer.log_level = level;
  }
}

void release(Handout* handout) {
  if (handout == nullptr) return;
  for (uint32_t i = 0; handout->infos != nullptr && i < handout->count; ++i)
    free_description(&handout->infos[i]);
  free(handout->infos);
  free(handout->pointers);
  free(handout);
}

// Infos in one block, and a pointer to each: clients that know only the first 48 bytes of
// GraphInfo_t reach the second graph through its pointer.
Handout* allocate(uint32_t count) {
  auto* handout = static_cast<Handout*>(calloc(1, sizeof(Handout)));
  if (handout == nullptr) return nullptr;
  handout->count = count;
  handout->infos = static_cast<GraphInfo_t*>(calloc(count, sizeof(GraphInfo_t)));
  handout->pointers = static_cast<GraphInfo_t**>(calloc(count, sizeof(GraphInfo_t*)));
  if (handout->infos == nullptr || handout->pointers == nullptr) {
    release(handout);
    return nullptr;
  }
  for (uint32_t i = 0; i < count; ++i) handout->pointers[i] = &handout->infos[i];
  return handout;
}

ModelError_t compose(Composer& composer, GraphInfo_t*** infos, uint32_t* info_count) {
  WeightsView weights;
  open_weights(kModel.weights, &weights);
  if (weights.data == nullptr) {
    composer.fail(MODEL_FILE_ERROR, "%s", weights.message);
    return composer.error();
  }
  composer.weights = weights.data;
  composer.weights_bytes = weights.bytes;

  Handout* handout = allocate(kModel.graph_count);
  if (handout == nullptr) return MODEL_MEMORY_ALLOCATE_ERROR;
  for (uint32_t i = 0; i < kModel.graph_count && !composer.failed(); ++i) {
    Graph graph(composer, kModel.graphs[i].name);
    kModel.graphs[i].build(graph);
    if (!composer.failed()) composer.describe(graph, &handout->infos[i]);
  }
  if (composer.failed()) {
    release(handout);
    return composer.error();
  }
  pthread_mutex_lock(&handouts_mutex);
  handout->next = handouts;
  handouts = handout;
  pthread_mutex_unlock(&handouts_mutex);
  *infos = handout->pointers;
  *info_count = handout->count;
  return MODEL_NO_ERROR;
}

}  // namespace
}  // namespace rwkvc

// Exported as QnnModel_composeGraphs. Its declaration in QnnModelApi.h says `bool debug`; here it
// is the whole word that carries it (see take_wishes), hence a name of its own for the same symbol.
__attribute__((visibility("default"))) ModelError_t compose_graphs(
    Qnn_BackendHandle_t backend, QNN_INTERFACE_VER_TYPE interface, Qnn_ContextHandle_t context,
    const GraphConfigInfo_t** configs, const uint32_t config_count, GraphInfo_t*** graphs,
    uint32_t* graph_count, uint64_t debug, QnnLog_Callback_t log,
    QnnLog_Level_t log_level) __asm__("QnnModel_composeGraphs");

ModelError_t compose_graphs(Qnn_BackendHandle_t backend, QNN_INTERFACE_VER_TYPE interface,
                            Qnn_ContextHandle_t context, const GraphConfigInfo_t** configs,
                            const uint32_t config_count, GraphInfo_t*** graphs,
                            uint32_t* graph_count, uint64_t debug, QnnLog_Callback_t log,
                            QnnLog_Level_t log_level) {
  rwkvc::Composer composer;
  composer.backend = backend;
  composer.context = context;
  composer.interface = interface;
  composer.configs = configs;
  composer.config_count = config_count;
  rwkvc::take_wishes(composer, debug, log, log_level);
  if (graphs == nullptr || graph_count == nullptr) {
    composer.fail(MODEL_INVALID_ARGUMENT_ERROR,
                  "QnnModel_composeGraphs: graphsInfo and numGraphsInfo are required");
    return composer.error();
  }
  *graphs = nullptr;
  *graph_count = 0;
  return rwkvc::compose(composer, graphs, graph_count);
}

// Null, and what has been freed already, is no error; an array that this library did not make is
// left alone.
extern "C" __attribute__((visibility("default"))) ModelError_t QnnModel_freeGraphsInfo(
    GraphInfo_t*** graphs, uint32_t) {
  if (graphs == nullptr || *graphs == nullptr) return MODEL_NO_ERROR;
  pthread_mutex_lock(&rwkvc::handouts_mutex);
  rwkvc::Handout** link = &rwkvc::handouts;
  while (*link != nullptr && (*link)->pointers != *graphs) link = &(*link)->next;
  rwkvc::Handout* found = *link;
  if (found != nullptr) *link = found->next;
  pthread_mutex_unlock(&rwkvc::handouts_mutex);
  if (found == nullptr) return MODEL_INVALID_ARGUMENT_ERROR;
  rwkvc::release(found);
  *graphs = nullptr;
  return MODEL_NO_ERROR;
}
