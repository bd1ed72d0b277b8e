// The runtime over the project's own backend: what applications get on a plain machine.
#include <gtest/gtest.h>

#include <vector>

#include "fixtures/tiny_artefact.h"
#include "fixtures/tiny_model.h"
#include "rwkv/rwkv.h"

namespace rwkv {
namespace {

class HostRuntimeTest : public testing::Test {
 protected:
  void SetUp() override {
    tiny::write_artefact(folder_.path());
    rwkv_options options;
    rwkv_options_init(&options);
    options.backend = RWKV_BACKEND_HOST;
    options.backend_library = RWKV_HOST;
    options.model_library = RWKV_TINY_MODEL;
    ASSERT_EQ(rwkv_create(folder_.path().c_str(), &options, &model_), RWKV_OK) << last();
  }
  void TearDown() override { rwkv_free(model_); }

  static std::string last() { return rwkv_last_error(); }
  std::vector<float> logits() const {
    return {rwkv_logits(model_), rwkv_logits(model_) + tiny::kVocabulary};
  }

  tiny::TempFolder folder_;
  rwkv_model* model_ = nullptr;
  const std::vector<int32_t> tokens_ = {72, 101, 108, 108, 111, 0, 255};
};

// 1e-4: float32 against double precision, as on every backend.
TEST_F(HostRuntimeTest, LogitsAreThoseOfTheEquations) {
  std::vector<double> state(tiny::kWidth);
  const std::vector<double> want = tiny::evaluate(tokens_, state);
  // The prefill graph takes two at a time, the decode graph the last one.
  ASSERT_EQ(rwkv_eval_tokens(model_, tokens_.data(), tokens_.size()), RWKV_OK) << last();
  const std::vector<float> got = logits();
  for (size_t v = 0; v < tiny::kVocabulary; ++v)
    ASSERT_NEAR(got[v], want[(tokens_.size() - 1) * tiny::kVocabulary + v], 1e-4) << "token " << v;
}

TEST_F(HostRuntimeTest, ASavedStateIsTakenUpWhereItWasLeft) {
  const std::string path = folder_.path("state");
  ASSERT_EQ(rwkv_eval_tokens(model_, tokens_.data(), 4), RWKV_OK) << last();
  ASSERT_EQ(rwkv_state_save(model_, path.c_str()), RWKV_OK) << last();
  ASSERT_EQ(rwkv_eval(model_, tokens_[4]), RWKV_OK) << last();
  const std::vector<float> straight_on = logits();

  ASSERT_EQ(rwkv_state_reset(model_), RWKV_OK);
  ASSERT_EQ(rwkv_eval(model_, tokens_[4]), RWKV_OK) << last();
  EXPECT_NE(logits(), straight_on);
  ASSERT_EQ(rwkv_state_load(model_, path.c_str()), RWKV_OK) << last();
  ASSERT_EQ(rwkv_eval(model_, tokens_[4]), RWKV_OK) << last();
  EXPECT_EQ(logits(), straight_on);
}

TEST_F(HostRuntimeTest, TwoModelsDoNotDisturbEachOther) {
  rwkv_options options;
  rwkv_options_init(&options);
  options.backend = RWKV_BACKEND_HOST;
  options.backend_library = RWKV_HOST;
  options.model_library = RWKV_TINY_MODEL;
  rwkv_model* other = nullptr;
  ASSERT_EQ(rwkv_create(folder_.path().c_str(), &options, &other), RWKV_OK) << last();
  ASSERT_EQ(rwkv_eval(model_, 72), RWKV_OK);
  const std::vector<float> alone = logits();
  ASSERT_EQ(rwkv_eval(other, 101), RWKV_OK);
  ASSERT_EQ(rwkv_state_reset(model_), RWKV_OK);
  ASSERT_EQ(rwkv_eval(model_, 72), RWKV_OK);
  EXPECT_EQ(logits(), alone);
  rwkv_free(other);
}

}  // namespace
}  // namespace rwkv
