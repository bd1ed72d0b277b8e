// The function table, properties, error texts, the log and the backend.

#include <algorithm>

#include "api_client.h"

using namespace client;

namespace {

TEST(Interface, OneProviderOfCoreApi218) {
  const QnnInterface_t* provider = load_provider();
  EXPECT_EQ(static_cast<uint32_t>(QNN_BACKEND_ID_HOST), provider->backendId);
  EXPECT_STREQ("HOST_RWKVC", provider->providerName);
  EXPECT_EQ(2u, provider->apiVersion.coreApiVersion.major);
  EXPECT_EQ(18u, provider->apiVersion.coreApiVersion.minor);
  EXPECT_EQ(0u, provider->apiVersion.coreApiVersion.patch);
  EXPECT_EQ(1u, provider->apiVersion.backendApiVersion.major);
  Qnn_ApiVersion_t version = QNN_API_VERSION_INIT;
  EXPECT_CODE(0, qnn().backendGetApiVersion(&version));
  EXPECT_EQ(0, std::memcmp(&version, &provider->apiVersion, sizeof version));
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_ARGUMENT, qnn().backendGetApiVersion(nullptr));
}

TEST(Interface, NullArgumentsOfGetProvidersAreRefused) {
  void* library = dlopen(RWKV_HOST, RTLD_NOW | RTLD_LOCAL);
  using GetProviders = Qnn_ErrorHandle_t (*)(const QnnInterface_t***, uint32_t*);
  const auto get = reinterpret_cast<GetProviders>(dlsym(library, "QnnInterface_getProviders"));
  const QnnInterface_t** list = nullptr;
  uint32_t count = 0;
  EXPECT_CODE(QNN_INTERFACE_ERROR_INVALID_PARAMETER, get(nullptr, &count));
  EXPECT_CODE(QNN_INTERFACE_ERROR_INVALID_PARAMETER, get(&list, nullptr));
  dlclose(library);
}

TEST(Interface, OnlyGetProvidersIsExported) {
  void* library = dlopen(RWKV_HOST, RTLD_NOW | RTLD_LOCAL);
  EXPECT_EQ(nullptr, dlsym(library, "QnnBackend_create"));
  dlclose(library);
}

TEST(Interface, NoSlotIsNull) {
  constexpr size_t kSlots = 62;
  static_assert(sizeof(QNN_INTERFACE_VER_TYPE) == kSlots * sizeof(void*), "core API 2.18");
  void* slots[kSlots];
  std::memcpy(slots, &qnn(), sizeof slots);
  for (size_t i = 0; i < kSlots; ++i) EXPECT_NE(nullptr, slots[i]) << "slot " << i;
}

/// Core API 2.9 is the oldest that the table serves: slots were inserted before it and only
/// appended after it. Such a client knows 48 slots; the structs it passes have the present layout
/// but for tensors of version 2, which came with 2.14.
TEST(Interface, AClientOfCoreApi29IsServedByTheFirst48Slots) {
  struct Table29 {
    void* slots[48];
  } table;
  static_assert(sizeof table == 384, "size at 2.9");
  std::memcpy(&table, &qnn(), sizeof table);
  const auto backend_create = reinterpret_cast<QnnBackend_CreateFn_t>(table.slots[1]);
  const auto backend_free = reinterpret_cast<QnnBackend_FreeFn_t>(table.slots[8]);
  const auto context_create = reinterpret_cast<QnnContext_CreateFn_t>(table.slots[9]);
  const auto context_free = reinterpret_cast<QnnContext_FreeFn_t>(table.slots[14]);
  const auto graph_create = reinterpret_cast<QnnGraph_CreateFn_t>(table.slots[15]);
  const auto add_node = reinterpret_cast<QnnGraph_AddNodeFn_t>(table.slots[18]);
  const auto finalize = reinterpret_cast<QnnGraph_FinalizeFn_t>(table.slots[19]);
  const auto execute = reinterpret_cast<QnnGraph_ExecuteFn_t>(table.slots[21]);
  const auto create_tensor = reinterpret_cast<QnnTensor_CreateGraphTensorFn_t>(table.slots[24]);
  Qnn_BackendHandle_t backend = nullptr;
  Qnn_ContextHandle_t context = nullptr;
  Qnn_GraphHandle_t graph = nullptr;
  ASSERT_OK(backend_create(nullptr, nullptr, &backend));
  ASSERT_OK(context_create(backend, nullptr, nullptr, &context));
  ASSERT_OK(graph_create(context, "g", nullptr, &graph));
  Tensors tensors;
  std::vector<Qnn_Tensor_t> in{
      tensors.make("x", QNN_TENSOR_TYPE_APP_WRITE, QNN_DATATYPE_FLOAT_32, {2})};
  std::vector<Qnn_Tensor_t> out{
      tensors.make("y", QNN_TENSOR_TYPE_APP_READ, QNN_DATATYPE_FLOAT_32, {2})};
  ASSERT_OK(create_tensor(graph, &in[0]));
  ASSERT_OK(create_tensor(graph, &out[0]));
  ASSERT_OK(add_node(graph, node("n", "ElementWiseNeg", in, out)));
  ASSERT_OK(finalize(graph, nullptr, nullptr));
  std::vector<float> x{1, -2}, y(2);
  give(&in[0], x);
  give(&out[0], y);
  ASSERT_OK(execute(graph, in.data(), 1, out.data(), 1, nullptr, nullptr));
  EXPECT_EQ((std::vector<float>{-1, 2}), y);
  EXPECT_CODE(0, context_free(context, nullptr));
  EXPECT_CODE(0, backend_free(backend));
}

TEST(Properties, WhatClientsAskBeforeTheyBegin) {
  // Answers that Qualcomm's tools act on: no asynchronous execution, and context binaries.
  EXPECT_CODE(QNN_PROPERTY_NOT_SUPPORTED,
              qnn().propertyHasCapability(QNN_PROPERTY_GRAPH_SUPPORT_ASYNC_EXECUTION));
  EXPECT_CODE(QNN_PROPERTY_SUPPORTED,
              qnn().propertyHasCapability(QNN_PROPERTY_CONTEXT_SUPPORT_CACHING));
  EXPECT_CODE(QNN_PROPERTY_ERROR_UNKNOWN_KEY, qnn().propertyHasCapability(0));
  EXPECT_CODE(QNN_PROPERTY_ERROR_UNKNOWN_KEY, qnn().propertyHasCapability(99999));
}

TEST(Errors, EveryCodeThatTestsMeetHasAText) {
  for (const uint32_t code : {0, 1000, 3110, 4005, 5003, 6004, 7003, 8000, 12000, 14003, 30010}) {
    const char* text = nullptr;
    EXPECT_CODE(0, qnn().errorGetMessage(code, &text)) << code;
    ASSERT_NE(nullptr, text) << code;
    EXPECT_STRNE("", text) << code;
  }
  const char* text = nullptr;
  EXPECT_CODE(QNN_ERROR_INVALID_ERROR_HANDLE, qnn().errorGetMessage(65535, &text));
  EXPECT_CODE(QNN_ERROR_INVALID_ARGUMENT, qnn().errorGetMessage(6001, nullptr));
  EXPECT_CODE(QNN_ERROR_INVALID_ERROR_HANDLE, qnn().errorGetVerboseMessage(65535, &text));
  EXPECT_CODE(QNN_ERROR_INVALID_ARGUMENT, qnn().errorGetVerboseMessage(6001, nullptr));
}

TEST(Errors, TheVerboseTextHasTheDetailsOfTheLastFailure) {
  EXPECT_CODE(QNN_LOG_ERROR_INVALID_ARGUMENT,
              qnn().logCreate(nullptr, static_cast<QnnLog_Level_t>(9), nullptr));
  const char* text = nullptr;
  ASSERT_OK(qnn().errorGetVerboseMessage(QNN_LOG_ERROR_INVALID_ARGUMENT, &text));
  EXPECT_STREQ("an argument of a log call is not valid: argument logger is null", text);
  EXPECT_CODE(0, qnn().errorFreeVerboseMessage(text));
}

TEST(Errors, ATextIsFreedOnce) {
  const char* text = nullptr;
  ASSERT_OK(qnn().errorGetVerboseMessage(6001, &text));
  EXPECT_CODE(0, qnn().errorFreeVerboseMessage(text));
  EXPECT_CODE(QNN_ERROR_INVALID_ARGUMENT, qnn().errorFreeVerboseMessage(text));
  EXPECT_CODE(QNN_ERROR_INVALID_ARGUMENT, qnn().errorFreeVerboseMessage(nullptr));
  EXPECT_CODE(QNN_ERROR_INVALID_ARGUMENT, qnn().errorFreeVerboseMessage("not from here"));
}

TEST(Logs, LevelsDecideWhatIsTold) {
  messages().clear();
  Qnn_LogHandle_t log = nullptr;
  Qnn_BackendHandle_t backend = nullptr;
  Qnn_ContextHandle_t context = nullptr;
  ASSERT_OK(qnn().logCreate(keep_message, QNN_LOG_LEVEL_ERROR, &log));
  ASSERT_OK(qnn().backendCreate(log, nullptr, &backend));
  ASSERT_OK(qnn().contextCreate(backend, nullptr, nullptr, &context));
  EXPECT_CODE(QNN_GRAPH_ERROR_INVALID_NAME, qnn().graphRetrieve(context, "none", &context));
  EXPECT_EQ("[1] the context has no graph \"none\"\n", messages());
  messages().clear();
  EXPECT_CODE(0, qnn().backendFree(backend));
  EXPECT_EQ("", messages()) << "a warning, at level ERROR";

  ASSERT_OK(qnn().logSetLogLevel(log, QNN_LOG_LEVEL_WARN));
  ASSERT_OK(qnn().backendCreate(log, nullptr, &backend));
  ASSERT_OK(qnn().contextCreate(backend, nullptr, nullptr, &context));
  EXPECT_CODE(0, qnn().backendFree(backend));
  EXPECT_EQ("[2] the backend was freed before 1 of its contexts: they are freed with it\n",
            messages());
  EXPECT_CODE(0, qnn().logFree(log));
}

TEST(Logs, ObjectsAreSilentOnceTheirLoggerIsFreed) {
  messages().clear();
  Qnn_LogHandle_t log = nullptr;
  Qnn_BackendHandle_t backend = nullptr;
  ASSERT_OK(qnn().logCreate(keep_message, QNN_LOG_LEVEL_ERROR, &log));
  ASSERT_OK(qnn().backendCreate(log, nullptr, &backend));
  EXPECT_CODE(0, qnn().logFree(log));
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_ARGUMENT,
              qnn().backendRegisterOpPackage(backend, nullptr, nullptr, nullptr));
  EXPECT_EQ("", messages());
  EXPECT_CODE(0, qnn().backendFree(backend));
}

TEST(Logs, ACallbackMayCallTheBackend) {
  static Qnn_LogHandle_t log = nullptr;
  const QnnLog_Callback_t quieten = [](const char*, QnnLog_Level_t, uint64_t, va_list) {
    EXPECT_CODE(0, qnn().logSetLogLevel(log, QNN_LOG_LEVEL_ERROR));
  };
  Qnn_BackendHandle_t backend = nullptr;
  ASSERT_OK(qnn().logCreate(quieten, QNN_LOG_LEVEL_WARN, &log));
  ASSERT_OK(qnn().backendCreate(log, nullptr, &backend));
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_ARGUMENT,
              qnn().backendRegisterOpPackage(backend, nullptr, nullptr, nullptr));
  EXPECT_CODE(0, qnn().backendFree(backend));
  EXPECT_CODE(0, qnn().logFree(log));
}

TEST(Logs, ANullCallbackPrintsToStandardOutput) {
  Qnn_LogHandle_t log = nullptr;
  Qnn_BackendHandle_t backend = nullptr;
  ASSERT_OK(qnn().logCreate(nullptr, QNN_LOG_LEVEL_ERROR, &log));
  ASSERT_OK(qnn().backendCreate(log, nullptr, &backend));
  testing::internal::CaptureStdout();
  EXPECT_CODE(QNN_COMMON_ERROR_NOT_SUPPORTED,
              qnn().backendRegisterOpPackage(backend, "lib.so", "provider", nullptr));
  EXPECT_NE(std::string::npos,
            testing::internal::GetCapturedStdout().find("op packages are not supported: lib.so"));
  EXPECT_CODE(0, qnn().backendFree(backend));
  EXPECT_CODE(0, qnn().logFree(log));
}

TEST(Logs, BadLevelsAreRefused) {
  Qnn_LogHandle_t log = nullptr;
  EXPECT_CODE(QNN_LOG_ERROR_INVALID_ARGUMENT,
              qnn().logCreate(keep_message, static_cast<QnnLog_Level_t>(0), &log));
  ASSERT_OK(qnn().logCreate(keep_message, QNN_LOG_LEVEL_DEBUG, &log));
  EXPECT_CODE(QNN_LOG_ERROR_INVALID_ARGUMENT,
              qnn().logSetLogLevel(log, static_cast<QnnLog_Level_t>(6)));
  EXPECT_CODE(0, qnn().logFree(log));
}

TEST(Backend, ListsTheOpsThatItComputes) {
  Qnn_BackendHandle_t backend = nullptr;
  ASSERT_OK(qnn().backendCreate(nullptr, nullptr, &backend));
  uint32_t count = 0;
  const QnnBackend_OperationName_t* names = nullptr;
  ASSERT_OK(qnn().backendGetSupportedOperations(backend, &count, &names));
  const auto has = [&](const char* op) {
    return std::any_of(names, names + count, [=](const QnnBackend_OperationName_t& name) {
      return std::strcmp(name.name, op) == 0 && std::strcmp(name.packageName, "qti.aisw") == 0;
    });
  };
  EXPECT_TRUE(has("FullyConnected"));
  EXPECT_FALSE(has("Conv3d"));
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_ARGUMENT,
              qnn().backendGetSupportedOperations(backend, nullptr, &names));
  EXPECT_CODE(0, qnn().backendFree(backend));
}

TEST(Backend, UnknownConfigsAreRefused) {
  QnnBackend_Config_t config = QNN_BACKEND_CONFIG_INIT;
  const QnnBackend_Config_t* configs[] = {&config, nullptr};
  Qnn_BackendHandle_t backend = nullptr;
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_CONFIG, qnn().backendCreate(nullptr, configs, &backend));
  config.option = QNN_BACKEND_CONFIG_OPTION_ERROR_REPORTING;
  config.errorConfig = {QNN_ERROR_REPORTING_LEVEL_UNDEFINED, 0};
  EXPECT_CODE(QNN_BACKEND_ERROR_INVALID_CONFIG, qnn().backendCreate(nullptr, configs, &backend));
  config.errorConfig = {QNN_ERROR_REPORTING_LEVEL_DETAILED, 16};
  EXPECT_CODE(0, qnn().backendCreate(nullptr, configs, &backend));
  EXPECT_CODE(0, qnn().backendSetConfig(backend, nullptr));
  EXPECT_CODE(0, qnn().backendFree(backend));
}

}  // namespace
