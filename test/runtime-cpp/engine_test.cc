#include "engine.h"

#include <gtest/gtest.h>

#include "dynamic_library.h"
#include "fixtures/fake_qnn.h"
#include "fixtures/tiny_artefact.h"
#include "qnn_status.h"

namespace rwkv {
namespace {

class EngineTest : public testing::Test {
 protected:
  void SetUp() override { fake::reset(); }

  static EngineOptions options() {
    EngineOptions o;
    o.kind = BackendKind::kHtp;
    o.backend_library = RWKV_FAKE_QNN;
    o.system_library = RWKV_FAKE_QNN;
    o.soc_model = 57;
    o.arch = 75;
    o.htp.vtcm_mb = 8;
    return o;
  }

  /// Composes, finalizes, writes a binary and loads it in a second engine: every handle there is.
  Status everything(const std::string& folder) {
    RWKV_ASSIGN(const std::unique_ptr<Engine> engine, Engine::open(options()));
    RWKV_ASSIGN(const ModelLibrary library, ModelLibrary::open(RWKV_TINY_MODEL));
    RWKV_TRY(engine->compose(library, {"tiny"}));
    RWKV_TRY(engine->finalize(QNN_PROFILE_LEVEL_DETAILED));
    RWKV_ASSIGN(const std::string binary, engine->context()->binary());
    RWKV_TRY(write_file(folder + "/c.bin", binary));
    RWKV_ASSIGN(const std::unique_ptr<Engine> second, Engine::open(options()));
    return second->load(folder + "/c.bin");
  }

  /// A binary of the tiny model in `folder`.
  void write_binary(const std::string& folder) {
    const Status status = everything(folder);
    ASSERT_TRUE(status.ok()) << status.error().to_text();
    fake::reset();
  }

  Error load_error(const std::string& path) {
    Result<std::unique_ptr<Engine>> engine = Engine::open(options());
    EXPECT_TRUE(engine.ok());
    const Status status = engine.value()->load(path);
    EXPECT_FALSE(status.ok());
    return status.ok() ? Error() : status.error();
  }

  tiny::TempFolder folder_;
};

TEST_F(EngineTest, FreesAllHandlesInOrder) {
  const Status status = everything(folder_.path());
  ASSERT_TRUE(status.ok()) << status.error().to_text();
  EXPECT_EQ(fake::control().leftovers(), "");
  EXPECT_EQ(fake::control().calls["contextFree"], 2);
  EXPECT_EQ(fake::control().calls["profileFree"], 2);
}

TEST_F(EngineTest, AFailureOfAnyCallIsReportedAndLeaksNothing) {
  const char* slots[] = {"logCreate",
                         "backendCreate",
                         "deviceCreate",
                         "contextCreate",
                         "graphCreate",
                         "tensorCreateGraphTensor",
                         "graphAddNode",
                         "profileCreate",
                         "graphFinalize",
                         "profileGetEvents",
                         "profileGetEventData",
                         "profileGetSubEvents",
                         "contextGetBinarySize",
                         "contextGetBinary",
                         "contextCreateFromBinary",
                         "graphRetrieve",
                         "systemContextCreate",
                         "systemContextGetBinaryInfo",
                         "backendValidateOpConfig"};
  for (const char* slot : slots) {
    fake::reset();
    fake::control().estimates = true;
    fake::control().fail[slot] = 1002;
    const Status status = everything(folder_.path());
    EXPECT_FALSE(status.ok()) << slot;
    if (!status.ok()) {
      EXPECT_FALSE(status.error().call.empty()) << slot << ": " << status.error().message;
    }
    EXPECT_EQ(fake::control().leftovers(), "") << slot;
  }
}

TEST_F(EngineTest, AFreeThatFailsIsNotedInTheLog) {
  const uint64_t mark = MessageLog::instance().mark();
  fake::control().fail["profileFree"] = 12000;
  EXPECT_TRUE(everything(folder_.path()).ok());
  const std::vector<std::string> log = MessageLog::instance().since(mark);
  ASSERT_FALSE(log.empty());
  EXPECT_NE(log[0].find("QnnProfile_free failed with 12000"), std::string::npos) << log[0];
}

TEST_F(EngineTest, ErrorsHaveCallGraphCodeAndLog) {
  fake::control().fail["graphFinalize"] = 0xABCD00000000 + 1002;  // the low 16 bits are the code
  const Status status = everything(folder_.path());
  ASSERT_FALSE(status.ok());
  const Error& error = status.error();
  EXPECT_EQ(error.code, "qnn/1002");
  EXPECT_EQ(error.call, "QnnGraph_finalize");
  EXPECT_EQ(error.status, 1002u);
  EXPECT_NE(error.message.find("graph \"tiny\""), std::string::npos);
  EXPECT_NE(error.message.find("out of memory"), std::string::npos);
  EXPECT_NE(error.hint.find("--chunks"), std::string::npos);
  ASSERT_EQ(error.log.size(), 1u);
  EXPECT_EQ(error.log[0], "graph does not fit: 42 bytes");
}

TEST_F(EngineTest, HtpOptionsReachTheModelLibrarysGraphs) {
  ASSERT_TRUE(everything(folder_.path()).ok());
  // Number 1 optimization (type 3), 2 precision float16, 3 VTCM.
  const std::map<uint32_t, uint32_t> wanted = {{1, 3}, {2, 1}, {3, 8}};
  EXPECT_EQ(fake::control().graph_options["tiny"], wanted);
  EXPECT_EQ(fake::control().graph_options.count("tiny_prefill"), 0u);  // it was not named
  EXPECT_EQ(fake::control().device_soc, (std::vector<uint32_t>{57, 57}));
}

TEST_F(EngineTest, ABackendWithoutDevicesOrProfilingWorks) {
  fake::control().fail["deviceCreate"] = 1000;
  fake::control().fail["profileCreate"] = 1000;
  const Status status = everything(folder_.path());
  EXPECT_TRUE(status.ok()) << status.error().to_text();
  EXPECT_EQ(fake::control().leftovers(), "");
}

TEST_F(EngineTest, SlotsThatALibraryLeavesEmptyAreErrors) {
  Api api;
  api.fn = fake::table();
  api.fn.graphFinalize = nullptr;
  api.backend_id = kBackendIdHtp;
  Result<std::unique_ptr<Engine>> engine = Engine::open(api, options());
  ASSERT_TRUE(engine.ok());
  ASSERT_TRUE(engine.value()->compose(ModelLibrary::open(RWKV_TINY_MODEL).value(), {}).ok());
  const auto reports = engine.value()->finalize(QNN_PROFILE_LEVEL_BASIC);
  ASSERT_FALSE(reports.ok());
  EXPECT_EQ(reports.error().code, "qnn/missing-function");
}

TEST_F(EngineTest, ReadsTheEstimate) {
  fake::control().estimates = true;
  const auto engine = Engine::open(options()).value();
  ASSERT_TRUE(engine->compose(ModelLibrary::open(RWKV_TINY_MODEL).value(), {}).ok());
  const std::vector<FinalizeReport> reports = engine->finalize(QNN_PROFILE_LEVEL_DETAILED).value();
  ASSERT_EQ(reports.size(), 2u);
  const Estimate& e = reports[0].estimate;
  EXPECT_TRUE(e.known);
  EXPECT_EQ(e.cycles, 20060u);
  EXPECT_EQ(e.microseconds, 20190u);
  EXPECT_EQ(e.input_fill, 20110u);
  EXPECT_EQ(e.output_spill, 20160u);
  EXPECT_EQ(e.ops_without_cost, 2u);
  EXPECT_EQ(e.nodes_without_cost, (std::map<std::string, uint64_t>{{"out.FullyConnected", 2}}));
}

TEST_F(EngineTest, ANewerBinaryIsRefusedBeforeTheLibrarySeesIt) {
  write_binary(folder_.path());
  fake::control().binary_backend_api = {5, 52, 0};
  const Error error = load_error(folder_.path("c.bin"));
  EXPECT_EQ(error.code, "context/newer-library");
  EXPECT_EQ(fake::control().calls["contextCreateFromBinary"], 0);
}

TEST_F(EngineTest, AnOlderBinaryLoads) {
  write_binary(folder_.path());
  fake::control().binary_backend_api = {5, 47, 3};
  const auto engine = Engine::open(options()).value();
  EXPECT_TRUE(engine->load(folder_.path("c.bin")).ok());
  EXPECT_NE(engine->find_graph("tiny_prefill"), nullptr);
}

TEST_F(EngineTest, ABinaryOfAnotherSocOrBackendIsRefused) {
  write_binary(folder_.path());
  fake::control().binary_arch = 73;
  EXPECT_EQ(load_error(folder_.path("c.bin")).code, "context/other-arch");
  fake::control().binary_arch = 75;
  fake::control().binary_soc_model = 68;
  EXPECT_EQ(load_error(folder_.path("c.bin")).code, "context/other-soc");
  fake::control().binary_soc_model = 0;  // made without a device
  EXPECT_TRUE(Engine::open(options()).value()->load(folder_.path("c.bin")).ok());
}

TEST_F(EngineTest, OlderAndUnknownRecords) {
  write_binary(folder_.path());
  fake::control().binary_record_version = 1;
  EXPECT_TRUE(Engine::open(options()).value()->load(folder_.path("c.bin")).ok());
  fake::control().binary_record_version = 4;
  EXPECT_EQ(load_error(folder_.path("c.bin")).code, "context/record-version");
}

TEST_F(EngineTest, DamagedFilesAreRefused) {
  write_binary(folder_.path());
  tiny::write_text(folder_.path("empty.bin"), "");
  EXPECT_EQ(load_error(folder_.path("empty.bin")).code, "context/empty");
  tiny::write_text(folder_.path("cut.bin"), "FAKE CON");
  const Error cut = load_error(folder_.path("cut.bin"));
  EXPECT_EQ(cut.status, 30010u);
  EXPECT_EQ(cut.kind, ErrorKind::kInput);
  EXPECT_EQ(load_error(folder_.path("none.bin")).kind, ErrorKind::kMissing);
}

TEST_F(EngineTest, AnOpThatTheBackendRefusesFailsComposing) {
  const auto engine = Engine::open(options()).value();
  const Status status = engine->compose(ModelLibrary::open(RWKV_TINY_MODEL_BAD_OP).value(), {});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "model/compose");
  ASSERT_FALSE(status.error().log.empty());
  EXPECT_EQ(status.error().log[0], "op NoSuchOp of node sum is unknown");
}

TEST_F(EngineTest, AModelLibraryIsNoBackendAndTheReverse) {
  EngineOptions wrong = options();
  wrong.backend_library = RWKV_TINY_MODEL;
  EXPECT_EQ(Engine::open(wrong).error().code, "library/wrong-kind");
  EXPECT_EQ(ModelLibrary::open(RWKV_FAKE_QNN).error().code, "library/wrong-kind");
  wrong = options();
  wrong.kind = BackendKind::kCpu;
  EXPECT_EQ(Engine::open(wrong).error().code, "library/other-backend");
}

TEST_F(EngineTest, AnOldCoreApiIsRefused) {
  fake::control().core = {2, 17, 0};
  EXPECT_EQ(Engine::open(options()).error().code, "library/core-api");
  fake::control().core = {3, 18, 0};
  EXPECT_EQ(Engine::open(options()).error().code, "library/core-api");
  fake::control().core = {2, 18, 0};
  EXPECT_TRUE(Engine::open(options()).ok());
}

TEST_F(EngineTest, AnUnboundTensorIsNotExecuted) {
  const auto engine = Engine::open(options()).value();
  ASSERT_TRUE(engine->compose(ModelLibrary::open(RWKV_TINY_MODEL).value(), {}).ok());
  const Status status = engine->graphs()[0].execute();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "graph/unbound");
  EXPECT_EQ(fake::control().calls["graphExecute"], 0);
}

TEST(Handles, MoveLeavesNothingBehind) {
  fake::reset();
  Api api;
  api.fn = fake::table();
  {
    Log log = Log::create(api, QNN_LOG_LEVEL_WARN).value();
    Log moved = std::move(log);
    EXPECT_EQ(log.handle(), nullptr);
    EXPECT_NE(moved.handle(), nullptr);
    Log other = Log::create(api, QNN_LOG_LEVEL_WARN).value();
    other = std::move(moved);
    EXPECT_EQ(fake::control().live["log"], 1);
  }
  EXPECT_EQ(fake::control().leftovers(), "");
  EXPECT_EQ(fake::control().calls["logFree"], 2);
}

TEST(QnnStatus, DecodesKnownAndUnknownCodes) {
  EXPECT_STREQ(describe_status(14001).name, "QNN_DEVICE_ERROR_INVALID_CONFIG");
  EXPECT_EQ(status_text(describe_status(5999)), "5999: an error of the context");
  EXPECT_EQ(status_text(describe_status(29999)), "29999: a code that no public header names");
  EXPECT_EQ(describe_status(30010).kind, ErrorKind::kInput);
  EXPECT_EQ(describe_status(0x80000406).code, 1030u);
}

}  // namespace
}  // namespace rwkv
