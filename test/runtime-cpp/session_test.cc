#include "session.h"

#include <gtest/gtest.h>

#include "fixtures/fake_qnn.h"
#include "fixtures/tiny_artefact.h"
#include "fixtures/tiny_model.h"

namespace rwkv {
namespace {

class SessionTest : public testing::Test {
 protected:
  void SetUp() override {
    fake::reset();
    tiny::write_artefact(folder_.path());
  }

  Result<std::unique_ptr<Session>> open(const std::string& manifest = tiny::manifest_text(),
                                        BackendKind kind = BackendKind::kHtp) {
    tiny::write_text(folder_.path("model.json"), manifest);
    RWKV_ASSIGN(Manifest read, read_manifest(folder_.path()));
    SessionOptions options;
    options.engine.kind = kind;
    options.engine.backend_library = RWKV_FAKE_QNN;
    options.model_library = RWKV_TINY_MODEL;
    return Session::create(folder_.path(), std::move(read), options);
  }

  static void expect_logits(const float* got, const std::vector<double>& want, size_t row) {
    for (size_t v = 0; v < tiny::kVocabulary; ++v) {
      ASSERT_NEAR(got[v], want[row * tiny::kVocabulary + v], 1e-4)
          << "row " << row << " token " << v;
    }
  }

  tiny::TempFolder folder_;
  const std::vector<int32_t> tokens_ = {72, 101, 108, 108, 111, 0, 255};
  std::vector<double> state_ = std::vector<double>(tiny::kWidth);
};

TEST_F(SessionTest, EveryChoiceOfGraphsGivesTheEquationsLogits) {
  const std::vector<double> want = tiny::evaluate(tokens_, state_);
  for (const GraphChoice choice :
       {GraphChoice::kDecode, GraphChoice::kPrefill, GraphChoice::kAuto}) {
    const auto session = open().value();
    size_t at = 0, runs = 0;
    while (at < tokens_.size()) {
      const Session::Rows rows =
          session->advance(&tokens_[at], tokens_.size() - at, choice).value();
      for (size_t i = 0; i < rows.tokens; ++i)
        expect_logits(rows.logits + i * tiny::kVocabulary, want, at + i);
      at += rows.tokens;
      ++runs;
    }
    EXPECT_EQ(runs, choice == GraphChoice::kDecode ? 7u : 4u);
    std::vector<float> state(session->state_values());
    session->get_state(state.data());
    for (size_t i = 0; i < state.size(); ++i) EXPECT_NEAR(state[i], state_[i], 1e-5);
  }
  EXPECT_EQ(fake::control().leftovers(), "");
}

TEST_F(SessionTest, GraphsWithUnlikeStateLayoutsWorkTogether) {
  // The prefill graph stores the state scaled by 1/2: its values must be converted when the graphs
  // change. The tiny model is linear, so the converted state shows as a wrong factor if it is not.
  std::string text = tiny::manifest_text();
  const size_t at = text.rfind("\"scale\": 1");
  text.replace(at, 10, "\"scale\": 0.5");
  const auto session = open(text).value();
  ASSERT_TRUE(session->eval(tokens_.data(), 1).ok());  // decode
  std::vector<float> state(session->state_values());
  session->get_state(state.data());
  ASSERT_TRUE(session->advance(&tokens_[1], 2, GraphChoice::kPrefill).ok());
  session->get_state(state.data());
  // h2 = x2 + x1 / 2 + s / 8 in stored values, where s is stored as half: value = 2 * (x2 + x1 / 2)
  // + s / 4... in values.
  std::vector<double> first(tiny::kWidth);
  tiny::evaluate({tokens_[0]}, first);
  std::vector<double> last(tiny::kWidth);
  tiny::evaluate({tokens_[1], tokens_[2]}, last);
  for (size_t i = 0; i < state.size(); ++i)
    EXPECT_NEAR(state[i], 2 * last[i] + first[i] / 4, 1e-5) << i;
}

TEST_F(SessionTest, ResetAndSetState) {
  const auto session = open().value();
  const std::vector<double> want = tiny::evaluate(tokens_, state_);
  ASSERT_TRUE(session->eval(tokens_.data(), 3).ok());
  std::vector<float> saved(session->state_values());
  session->get_state(saved.data());
  ASSERT_TRUE(session->eval(&tokens_[3], 1).ok());
  expect_logits(session->logits(), want, 3);
  session->reset();
  EXPECT_EQ(session->logits(), nullptr);
  ASSERT_TRUE(session->eval(tokens_.data(), 1).ok());
  expect_logits(session->logits(), want, 0);
  session->set_state(saved.data());
  ASSERT_TRUE(session->eval(&tokens_[3], 1).ok());
  expect_logits(session->logits(), want, 3);
}

TEST_F(SessionTest, AnIdOutsideTheVocabularyChangesNothing) {
  const auto session = open().value();
  ASSERT_TRUE(session->eval(tokens_.data(), 2).ok());
  std::vector<float> before(session->state_values()), after(session->state_values());
  session->get_state(before.data());
  for (const int32_t bad : {-1, 256, INT32_MAX, INT32_MIN}) {
    const std::vector<int32_t> tokens = {1, 2, bad};
    EXPECT_EQ(session->eval(tokens.data(), tokens.size()).error().code, "token/outside-vocabulary");
    EXPECT_EQ(session->advance(&bad, 1).error().code, "token/outside-vocabulary");
  }
  session->get_state(after.data());
  EXPECT_EQ(before, after);
  EXPECT_FALSE(session->advance(tokens_.data(), 0).ok());
}

TEST_F(SessionTest, AFailedExecutionLeavesTheState) {
  const auto session = open().value();
  ASSERT_TRUE(session->eval(tokens_.data(), 1).ok());
  std::vector<float> before(session->state_values()), after(session->state_values());
  session->get_state(before.data());
  fake::control().fail["graphExecute"] = 1007;
  EXPECT_EQ(session->eval(&tokens_[1], 1).error().call, "QnnGraph_execute");
  fake::control().fail.clear();
  session->get_state(after.data());
  EXPECT_EQ(before, after);
}

TEST_F(SessionTest, AHalfPrecisionTableIsConverted) {
  const std::vector<float> table = tiny::embedding();
  std::string bytes;
  for (const float value : table) {
    uint8_t half[2];
    ElementCodec::create(Dtype::kFloat16, TensorInfo()).value().write(half, value);
    bytes.append(reinterpret_cast<const char*>(half), 2);
  }
  tiny::write_text(folder_.path("embedding.bin"), bytes);
  const std::string text = tiny::replaced(
      tiny::replaced(tiny::manifest_text(), "\"file\": \"embedding.bin\", \"dtype\": \"float32\"",
                     "\"file\": \"embedding.bin\", \"dtype\": \"float16\""),
      "\"bytes\": 32768", "\"bytes\": 16384");
  const auto session = open(text).value();
  ASSERT_TRUE(session->eval(tokens_.data(), 1).ok());
  expect_logits(session->logits(), tiny::evaluate(tokens_, state_), 0);
}

TEST_F(SessionTest, ATruncatedTableIsNoticed) {
  tiny::write_text(folder_.path("embedding.bin"), "short");
  EXPECT_EQ(open().error().code, "artefact/file-size");
}

struct Mismatch {
  const char* from;
  const char* to;
  const char* code;
};
class SessionMismatch : public SessionTest, public testing::WithParamInterface<Mismatch> {};

TEST_P(SessionMismatch, IsAnErrorOfTheArtefact) {
  const auto session = open(tiny::replaced(tiny::manifest_text(), GetParam().from, GetParam().to));
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().code, GetParam().code) << session.error().message;
  EXPECT_EQ(session.error().kind, ErrorKind::kInput);
  EXPECT_EQ(fake::control().leftovers(), "");
}

INSTANTIATE_TEST_SUITE_P(
    All, SessionMismatch,
    testing::Values(
        Mismatch{"\"name\": \"tiny\", \"kind\"", "\"name\": \"other\", \"kind\"",
                 "artefact/no-graph"},
        Mismatch{"\"name\": \"in\"", "\"name\": \"input\"", "artefact/no-tensor"},
        Mismatch{"\"output\": \"state0_out\"", "\"output\": \"state1_out\"", "artefact/no-tensor"},
        Mismatch{"\"role\": \"embedding\", \"dtype\": \"float32\"",
                 "\"role\": \"embedding\", \"dtype\": \"float16\"", "artefact/other-tensor"},
        Mismatch{"\"dtype\": \"float32\", \"shape\": [1, 32],\n       \"slices\"",
                 "\"dtype\": \"float32\", \"shape\": [1, 64],\n       \"slices\"",
                 "artefact/other-tensor"},
        Mismatch{"\"name\": \"s\"", "\"name\": \"t\"", "artefact/states"},
        Mismatch{"\"states\": [", "\"states\": [], \"before\": [", "artefact/unknown-input"}));

TEST_F(SessionTest, TheFirstOverflowIsKeptWithItsToken) {
  fake::control().backend_id = QNN_BACKEND_ID_HOST;
  fake::control().overflows_from = 3;
  const auto session = open(tiny::manifest_text(), BackendKind::kHost).value();
  ASSERT_TRUE(session->advance(&tokens_[0], 1, GraphChoice::kDecode).ok());
  ASSERT_TRUE(session->advance(&tokens_[1], 2, GraphChoice::kPrefill).ok());
  EXPECT_EQ(session->overflow(), nullptr);
  for (size_t at : {3u, 4u})
    ASSERT_TRUE(session->advance(&tokens_[at], 1, GraphChoice::kDecode).ok());
  const Overflow* overflow = session->overflow();
  ASSERT_NE(overflow, nullptr);
  // The third execution, after a token and a pair.
  EXPECT_EQ(overflow->token, 3u);
  EXPECT_EQ(overflow->tokens, 1u);
  EXPECT_EQ(overflow->node, "kv.MatMul");
  EXPECT_EQ(overflow->tensor, "kv");
  EXPECT_EQ(overflow->index, 3u);
  EXPECT_EQ(overflow->value, HUGE_VAL);
  ASSERT_EQ(overflow->inputs.size(), 2u);
  EXPECT_EQ(overflow->inputs[1].tensor, "v");
  EXPECT_EQ(overflow->inputs[1].largest, 250.5);
  EXPECT_EQ(session->explain(input_error("a/b", "c")).overflow->tensor, "kv");
  session->reset();
  EXPECT_EQ(session->overflow(), nullptr);
}

TEST_F(SessionTest, AnotherBackendIsNotAskedForOverflows) {
  fake::control().overflows_from = 1;
  const auto session = open().value();
  ASSERT_TRUE(session->eval(tokens_.data(), 1).ok());
  EXPECT_EQ(session->overflow(), nullptr);
}

}  // namespace
}  // namespace rwkv
