#include "rwkv/rwkv.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "fixtures/fake_qnn.h"
#include "fixtures/tiny_artefact.h"
#include "fixtures/tiny_model.h"

namespace rwkv {
namespace {

class CApiTest : public testing::Test {
 protected:
  void SetUp() override {
    fake::reset();
    tiny::write_artefact(folder_.path());
    rwkv_options_init(&options_);
    options_.backend = RWKV_BACKEND_HTP;
    options_.backend_library = RWKV_FAKE_QNN;
    options_.model_library = RWKV_TINY_MODEL;
  }
  void TearDown() override {
    rwkv_free(model_);
    EXPECT_EQ(fake::control().leftovers(), "");
  }
  void create() {
    ASSERT_EQ(rwkv_create(folder_.path().c_str(), &options_, &model_), RWKV_OK)
        << rwkv_last_error();
  }

  static std::string last() { return rwkv_last_error(); }

  tiny::TempFolder folder_;
  rwkv_options options_;
  rwkv_model* model_ = nullptr;
};

TEST_F(CApiTest, EvaluatesSamplesAndSaves) {
  create();
  ASSERT_EQ(rwkv_vocabulary(model_), 256u);
  int32_t tokens[16];
  size_t count = 0;
  ASSERT_EQ(rwkv_tokenize(model_, "Hello", 5, tokens, 16, &count), RWKV_OK);
  ASSERT_EQ(count, 5u);
  EXPECT_EQ(rwkv_logits(model_), nullptr);
  ASSERT_EQ(rwkv_eval_tokens(model_, tokens, count), RWKV_OK) << last();
  std::vector<double> state(tiny::kWidth);
  const std::vector<double> want = tiny::evaluate({tokens, tokens + 5}, state);
  for (size_t v = 0; v < 256; ++v) ASSERT_NEAR(rwkv_logits(model_)[v], want[4 * 256 + v], 1e-4);

  const std::string path = folder_.path("saved");
  ASSERT_EQ(rwkv_state_save(model_, path.c_str()), RWKV_OK) << last();
  ASSERT_EQ(rwkv_eval(model_, 33), RWKV_OK);
  const std::vector<float> after(rwkv_logits(model_), rwkv_logits(model_) + 256);
  ASSERT_EQ(rwkv_state_reset(model_), RWKV_OK);
  ASSERT_EQ(rwkv_state_load(model_, path.c_str()), RWKV_OK) << last();
  ASSERT_EQ(rwkv_eval(model_, 33), RWKV_OK);
  EXPECT_EQ(std::vector<float>(rwkv_logits(model_), rwkv_logits(model_) + 256), after);

  rwkv_sampler_options so;
  rwkv_sampler_options_init(&so);
  rwkv_sampler* sampler = nullptr;
  ASSERT_EQ(rwkv_sampler_create(&so, &sampler), RWKV_OK);
  int32_t token = -1;
  ASSERT_EQ(rwkv_sample(model_, sampler, &token), RWKV_OK);
  EXPECT_EQ(token, std::max_element(after.begin(), after.end()) - after.begin());
  rwkv_sampler_free(sampler);
}

TEST_F(CApiTest, TextGoesThereAndBack) {
  create();
  const char text[] = "h\xC3\xA9!";
  size_t count = 0, size = 0;
  ASSERT_EQ(rwkv_tokenize(model_, text, 4, nullptr, 0, &count), RWKV_OK);
  EXPECT_EQ(count, 4u);
  int32_t tokens[4];
  EXPECT_EQ(rwkv_tokenize(model_, text, 4, tokens, 3, &count), RWKV_INVALID_ARGUMENT);
  ASSERT_EQ(rwkv_tokenize(model_, text, 4, tokens, 4, &count), RWKV_OK);
  char back[4];
  EXPECT_EQ(rwkv_detokenize(model_, tokens, 4, back, 3, &size), RWKV_INVALID_ARGUMENT);
  ASSERT_EQ(rwkv_detokenize(model_, tokens, 4, back, 4, &size), RWKV_OK);
  EXPECT_EQ(std::string(back, size), text);
  tokens[0] = 256;
  EXPECT_EQ(rwkv_detokenize(model_, tokens, 4, back, 4, &size), RWKV_BAD_INPUT);
}

TEST_F(CApiTest, StateSizesAreChecked) {
  create();
  ASSERT_EQ(rwkv_state_size(model_), 32u);
  std::vector<float> values(33, 1.0f);
  EXPECT_EQ(rwkv_state_set(model_, values.data(), 33), RWKV_INVALID_ARGUMENT);
  EXPECT_EQ(rwkv_state_get(model_, values.data(), 31), RWKV_INVALID_ARGUMENT);
  EXPECT_EQ(rwkv_state_set(model_, values.data(), 32), RWKV_OK);
  std::vector<float> back(32);
  EXPECT_EQ(rwkv_state_get(model_, back.data(), 32), RWKV_OK);
  EXPECT_EQ(back[31], 1.0f);
}

TEST_F(CApiTest, NullArgumentsAreErrors) {
  EXPECT_EQ(rwkv_create(nullptr, &options_, &model_), RWKV_INVALID_ARGUMENT);
  EXPECT_EQ(rwkv_create("x", nullptr, &model_), RWKV_INVALID_ARGUMENT);
  EXPECT_EQ(rwkv_create("x", &options_, nullptr), RWKV_INVALID_ARGUMENT);
  rwkv_options zero = {};
  EXPECT_EQ(rwkv_create("x", &zero, &model_), RWKV_INVALID_ARGUMENT);
  EXPECT_NE(last().find("struct_size"), std::string::npos);
  rwkv_options_init(nullptr);
  rwkv_sampler_options_init(nullptr);
  rwkv_sampler* sampler = nullptr;
  EXPECT_EQ(rwkv_sampler_create(nullptr, &sampler), RWKV_INVALID_ARGUMENT);
  create();
  EXPECT_EQ(rwkv_eval_tokens(model_, nullptr, 1), RWKV_INVALID_ARGUMENT);
  EXPECT_EQ(rwkv_state_get(model_, nullptr, 32), RWKV_INVALID_ARGUMENT);
  EXPECT_EQ(rwkv_state_set(model_, nullptr, 32), RWKV_INVALID_ARGUMENT);
  EXPECT_EQ(rwkv_state_save(model_, nullptr), RWKV_INVALID_ARGUMENT);
  EXPECT_EQ(rwkv_state_load(model_, nullptr), RWKV_INVALID_ARGUMENT);
  EXPECT_EQ(rwkv_tokenize(model_, nullptr, 0, nullptr, 0, nullptr), RWKV_INVALID_ARGUMENT);
  EXPECT_EQ(rwkv_sample(model_, nullptr, nullptr), RWKV_INVALID_ARGUMENT);
}

TEST_F(CApiTest, StaleAndForeignHandlesAreErrors) {
  create();
  rwkv_model* stale = model_;
  rwkv_free(model_);
  rwkv_free(model_);  // a second time: ignored
  model_ = nullptr;
  int not_a_model = 0;
  for (rwkv_model* bad :
       {static_cast<rwkv_model*>(nullptr), stale, reinterpret_cast<rwkv_model*>(&not_a_model)}) {
    float value = 0;
    EXPECT_EQ(rwkv_eval(bad, 1), RWKV_INVALID_ARGUMENT);
    EXPECT_EQ(rwkv_logits(bad), nullptr);
    EXPECT_EQ(rwkv_vocabulary(bad), 0u);
    EXPECT_EQ(rwkv_state_size(bad), 0u);
    EXPECT_EQ(rwkv_state_reset(bad), RWKV_INVALID_ARGUMENT);
    EXPECT_EQ(rwkv_state_get(bad, &value, 1), RWKV_INVALID_ARGUMENT);
    EXPECT_EQ(rwkv_state_save(bad, "x"), RWKV_INVALID_ARGUMENT);
    rwkv_free(bad);
  }
  EXPECT_NE(last().find("handle"), std::string::npos);
  EXPECT_EQ(rwkv_sampler_observe(nullptr, 1), RWKV_INVALID_ARGUMENT);
}

TEST_F(CApiTest, CallsInTheWrongOrderAreErrors) {
  create();
  rwkv_sampler_options so;
  rwkv_sampler_options_init(&so);
  rwkv_sampler* sampler = nullptr;
  ASSERT_EQ(rwkv_sampler_create(&so, &sampler), RWKV_OK);
  int32_t token = 0;
  EXPECT_EQ(rwkv_sample(model_, sampler, &token), RWKV_INVALID_ARGUMENT);  // no token was read
  rwkv_sampler_free(sampler);
  EXPECT_EQ(rwkv_sample(model_, sampler, &token), RWKV_INVALID_ARGUMENT);
  so.temperature = -1;
  EXPECT_EQ(rwkv_sampler_create(&so, &sampler), RWKV_INVALID_ARGUMENT);
  EXPECT_EQ(sampler, nullptr);
  EXPECT_EQ(rwkv_eval(model_, 256), RWKV_BAD_INPUT);
  EXPECT_EQ(rwkv_state_load(model_, folder_.path("model.json").c_str()), RWKV_BAD_INPUT);
}

TEST_F(CApiTest, CreateReportsWhatIsMissing) {
  EXPECT_EQ(rwkv_create(folder_.path("none").c_str(), &options_, &model_), RWKV_MISSING);
  options_.model_library = nullptr;  // the artefact lists none
  EXPECT_EQ(rwkv_create(folder_.path().c_str(), &options_, &model_), RWKV_MISSING);
  options_.backend_library = "/no/such/libQnnHtp.so";
  options_.model_library = RWKV_TINY_MODEL;
  EXPECT_EQ(rwkv_create(folder_.path().c_str(), &options_, &model_), RWKV_MISSING);
  EXPECT_NE(last().find("/no/such/libQnnHtp.so"), std::string::npos);
  options_.backend_library = RWKV_FAKE_QNN;
  options_.model_library = RWKV_TINY_MODEL_BAD_OP;
  EXPECT_EQ(rwkv_create(folder_.path().c_str(), &options_, &model_), RWKV_BAD_INPUT);
  EXPECT_NE(last().find("NoSuchOp"), std::string::npos);
  EXPECT_EQ(model_, nullptr);
}

TEST_F(CApiTest, TwoModelsHaveStatesOfTheirOwn) {
  create();
  rwkv_model* other = nullptr;
  ASSERT_EQ(rwkv_create(folder_.path().c_str(), &options_, &other), RWKV_OK) << last();
  ASSERT_EQ(rwkv_eval(model_, 1), RWKV_OK);
  ASSERT_EQ(rwkv_eval(other, 2), RWKV_OK);
  float a[32], b[32];
  ASSERT_EQ(rwkv_state_get(model_, a, 32), RWKV_OK);
  ASSERT_EQ(rwkv_state_get(other, b, 32), RWKV_OK);
  EXPECT_NE(std::memcmp(a, b, sizeof a), 0);
  rwkv_free(other);
  EXPECT_EQ(rwkv_eval(model_, 1), RWKV_OK);
}

}  // namespace
}  // namespace rwkv
