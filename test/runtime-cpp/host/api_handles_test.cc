// Handles, and the names and options of graphs and contexts.

#include "api_client.h"

using namespace client;

namespace {

TEST_F(Session, HandlesThatAreNotValidAreTold) {
  int mine = 0;
  const Qnn_GraphHandle_t graph = create_graph();
  Qnn_ContextHandle_t freed = nullptr;
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &freed));
  ASSERT_OK(qnn().contextFree(freed, nullptr));
  // null, an address, freed, of another kind, a number next to a valid one
  const std::vector<void*> bad{nullptr, &mine, freed, graph,
                               reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(context_) + 1)};
  for (void* handle : bad) {
    Qnn_GraphHandle_t out = nullptr;
    Qnn_ContextBinarySize_t size = 0;
    Qnn_Tensor_t tensor = QNN_TENSOR_INIT;
    EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE, qnn().contextFree(handle, nullptr));
    EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE, qnn().contextSetConfig(handle, nullptr));
    EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE, qnn().contextGetBinarySize(handle, &size));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphCreate(handle, "g", nullptr, &out));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphRetrieve(handle, "graph", &out));
    EXPECT_CODE(QNN_TENSOR_ERROR_INVALID_HANDLE, qnn().tensorCreateContextTensor(handle, &tensor));
  }
}

TEST_F(Session, EveryCallOnAGraphChecksItsHandle) {
  Qnn_GraphHandle_t out = nullptr;
  Qnn_Tensor_t tensor = QNN_TENSOR_INIT;
  for (void* handle : {static_cast<void*>(nullptr), context_}) {
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphSetConfig(handle, nullptr));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphAddNode(handle, QNN_OPCONFIG_INIT));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphFinalize(handle, nullptr, nullptr));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphCreateSubgraph(handle, "s", &out));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphGetProperty(handle, nullptr));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE,
                qnn().graphExecute(handle, nullptr, 0, nullptr, 0, nullptr, nullptr));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE,
                qnn().graphExecuteAsync(handle, nullptr, 0, nullptr, 0, nullptr, nullptr, nullptr,
                                        nullptr));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE,
                qnn().graphPrepareExecutionEnvironment(handle, nullptr, 0));
    EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE,
                qnn().graphReleaseExecutionEnvironment(handle, nullptr, 0));
    EXPECT_CODE(QNN_TENSOR_ERROR_INVALID_HANDLE, qnn().tensorCreateGraphTensor(handle, &tensor));
    EXPECT_CODE(QNN_TENSOR_ERROR_INVALID_HANDLE,
                qnn().tensorUpdateGraphTensors(handle, nullptr, 0));
  }
}

TEST_F(Session, AHandleOfAFreedObjectIsNotThatOfItsSuccessor) {
  Qnn_ContextHandle_t first = nullptr, second = nullptr;
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &first));
  ASSERT_OK(qnn().contextFree(first, nullptr));
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &second));
  EXPECT_NE(first, second);
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE, qnn().contextFree(first, nullptr));
  EXPECT_CODE(0, qnn().contextFree(second, nullptr));
}

TEST_F(Session, AContextFreesItsGraphsWithIt) {
  Qnn_ContextHandle_t context = nullptr;
  Qnn_GraphHandle_t graph = nullptr;
  ASSERT_OK(qnn().contextCreate(backend_, nullptr, nullptr, &context));
  ASSERT_OK(qnn().graphCreate(context, "g", nullptr, &graph));
  ASSERT_OK(qnn().contextFree(context, nullptr));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_HANDLE, qnn().graphFinalize(graph, nullptr, nullptr));
}

TEST(Backend, FreesItsContextsWithIt) {
  Qnn_BackendHandle_t backend = nullptr;
  Qnn_ContextHandle_t context = nullptr;
  ASSERT_OK(qnn().backendCreate(nullptr, nullptr, &backend));
  ASSERT_OK(qnn().contextCreate(backend, nullptr, nullptr, &context));
  ASSERT_OK(qnn().backendFree(backend));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE, qnn().contextFree(context, nullptr));
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_HANDLE, qnn().backendFree(backend));
}

TEST_F(Session, HandlesOfOtherPartsAreCheckedToo) {
  Qnn_BackendHandle_t backend = nullptr;
  Qnn_ContextHandle_t context = nullptr;
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_HANDLE, qnn().backendCreate(context_, nullptr, &backend));
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_ARGUMENT, qnn().backendCreate(log_, nullptr, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE,
              qnn().contextCreate(nullptr, nullptr, nullptr, &context));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_HANDLE,
              qnn().contextCreate(backend_, backend_, nullptr, &context));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_ARGUMENT,
              qnn().contextCreate(backend_, nullptr, nullptr, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_SET_PROFILE, qnn().contextFree(context_, backend_));
  EXPECT_CODE(QNN_GRAPH_ERROR_SET_PROFILE, qnn().graphFinalize(create_graph(), context_, nullptr));
}

// ------------------------------------------------------------------------------- Names and options

TEST_F(Session, GraphNamesAreThereAndUnique) {
  Qnn_GraphHandle_t graph = nullptr;
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_NAME, qnn().graphCreate(context_, nullptr, nullptr, &graph));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_NAME, qnn().graphCreate(context_, "", nullptr, &graph));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphCreate(context_, "g", nullptr, nullptr));
  EXPECT_CODE(0, qnn().graphCreate(context_, "g", nullptr, &graph));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_NAME, qnn().graphCreate(context_, "g", nullptr, &graph));
  Qnn_GraphHandle_t found = nullptr;
  EXPECT_CODE(0, qnn().graphRetrieve(context_, "g", &found));
  EXPECT_EQ(graph, found);
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_NAME, qnn().graphRetrieve(context_, "h", &found));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphRetrieve(context_, "g", nullptr));
}

TEST_F(Session, HostOptionsOfGraphsAreTaken) {
  QnnHostGraph_CustomConfig_t custom = {QNN_HOST_GRAPH_CONFIG_OPTION_THREADS, 1};
  QnnGraph_Config_t config = QNN_GRAPH_CONFIG_INIT;
  config.option = QNN_GRAPH_CONFIG_OPTION_CUSTOM;
  config.customConfig = &custom;
  const QnnGraph_Config_t* configs[] = {&config, nullptr};
  Qnn_GraphHandle_t graph = nullptr;
  EXPECT_CODE(0, qnn().graphCreate(context_, "g", configs, &graph));
  custom = {QNN_HOST_GRAPH_CONFIG_OPTION_REFERENCE_KERNELS, 1};
  EXPECT_CODE(0, qnn().graphSetConfig(graph, configs));
  custom = {QNN_HOST_GRAPH_CONFIG_OPTION_MAPPED_STATIC_DATA, 1};
  EXPECT_CODE(0, qnn().graphSetConfig(graph, configs));
}

TEST_F(Session, OtherOptionsOfGraphsAreRefused) {
  const Qnn_GraphHandle_t graph = create_graph();
  QnnHostGraph_CustomConfig_t custom = {QNN_HOST_GRAPH_CONFIG_OPTION_UNKNOWN, 1};
  QnnGraph_Config_t config = QNN_GRAPH_CONFIG_INIT;
  const QnnGraph_Config_t* configs[] = {&config, nullptr};
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphSetConfig(graph, nullptr));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphSetConfig(graph, configs));
  config.option = QNN_GRAPH_CONFIG_OPTION_CUSTOM;
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphSetConfig(graph, configs)) << "null";
  config.customConfig = &custom;
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphSetConfig(graph, configs));
  custom = {QNN_HOST_GRAPH_CONFIG_OPTION_THREADS, 100000};
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_ARGUMENT, qnn().graphSetConfig(graph, configs));
  config.option = QNN_GRAPH_CONFIG_OPTION_PRIORITY;
  config.priority = QNN_PRIORITY_HIGH;
  EXPECT_CODE(QNN_GRAPH_ERROR_UNSUPPORTED_FEATURE, qnn().graphSetConfig(graph, configs));
  config.priority = QNN_PRIORITY_DEFAULT;
  EXPECT_CODE(0, qnn().graphSetConfig(graph, configs));
  config.option = QNN_GRAPH_CONFIG_OPTION_PROFILE_HANDLE;
  EXPECT_CODE(QNN_GRAPH_ERROR_UNSUPPORTED_FEATURE, qnn().graphSetConfig(graph, configs));
}

TEST_F(Session, OptionsOfContexts) {
  QnnContext_Config_t config = QNN_CONTEXT_CONFIG_INIT;
  const QnnContext_Config_t* configs[] = {&config, nullptr};
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_ARGUMENT, qnn().contextSetConfig(context_, nullptr));
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_CONFIG, qnn().contextSetConfig(context_, configs));
  config.option = QNN_CONTEXT_CONFIG_OPTION_CUSTOM;
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_CONFIG, qnn().contextSetConfig(context_, configs));
  config.option = QNN_CONTEXT_CONFIG_OPTION_PRIORITY;
  config.priority = QNN_PRIORITY_NORMAL;
  EXPECT_CODE(0, qnn().contextSetConfig(context_, configs));
  config.priority = QNN_PRIORITY_LOW;
  EXPECT_CODE(QNN_CONTEXT_ERROR_UNSUPPORTED_FEATURE, qnn().contextSetConfig(context_, configs));
  config.option = QNN_CONTEXT_CONFIG_MEMORY_LIMIT_HINT;
  EXPECT_CODE(QNN_CONTEXT_ERROR_UNSUPPORTED_FEATURE, qnn().contextSetConfig(context_, configs));
  config.option = QNN_CONTEXT_CONFIG_PERSISTENT_BINARY;
  EXPECT_CODE(QNN_CONTEXT_ERROR_INVALID_CONFIG, qnn().contextSetConfig(context_, configs));
}

}  // namespace
