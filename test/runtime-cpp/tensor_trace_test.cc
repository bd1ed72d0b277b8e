#include "tensor_trace.h"

#include <gtest/gtest.h>

#include <cmath>

#include "fixtures/fake_qnn.h"
#include "fixtures/tiny_artefact.h"
#include "fixtures/tiny_model.h"
#include "session.h"

namespace rwkv {
namespace {

TEST(TensorRange, KeepsTheRangeOfFiniteValuesAndTheRowOfTheLargest) {
  TensorRange range;
  const std::vector<std::vector<float>> rows = {{1, -2}, {0.5f, -7}, {7, 3}};
  for (size_t i = 0; i < rows.size(); ++i) range.add(rows[i].data(), rows[i].size(), i);
  EXPECT_EQ(range.low, -7);
  EXPECT_EQ(range.high, 7);
  EXPECT_EQ(range.largest(), 7);
  EXPECT_EQ(range.largest_at, 1u);  // the first that is as large
  EXPECT_EQ(range.finite, 6u);
  EXPECT_EQ(range.not_finite, 0u);
}

TEST(TensorRange, CountsWhatIsNotFiniteApart) {
  TensorRange range;
  const float good[] = {3, 4};
  const float bad[] = {INFINITY, 5, NAN};
  range.add(good, 2, 0);
  range.add(bad, 3, 1);
  range.add(bad, 3, 2);
  EXPECT_EQ(range.not_finite, 4u);
  EXPECT_EQ(range.first_not_finite_at, 1u);
  EXPECT_EQ(range.high, 5);
  EXPECT_EQ(range.finite, 4u);
}

class TensorTraceTest : public testing::Test {
 protected:
  void SetUp() override {
    fake::reset();
    tiny::write_artefact(folder_.path());
    SessionOptions options;
    options.engine.kind = BackendKind::kHtp;
    options.engine.backend_library = RWKV_FAKE_QNN;
    options.model_library = RWKV_TINY_MODEL;
    session_ =
        Session::create(folder_.path(), read_manifest(folder_.path()).value(), options).value();
  }

  static std::vector<float> part(const float* values, size_t count) {
    return std::vector<float>(values, values + count);
  }

  tiny::TempFolder folder_;
  std::unique_ptr<Session> session_;
};

TEST_F(TensorTraceTest, ARowHasTheNamedTensorsOneAfterTheOther) {
  const TensorTrace trace =
      TensorTrace::create(session_->runner(), {"state0_in", "out", "state0_out"}).value();
  ASSERT_EQ(trace.row_values(), 2 * tiny::kWidth + tiny::kVocabulary);
  EXPECT_EQ(trace.tensors()[2].offset, tiny::kWidth + tiny::kVocabulary);
  std::vector<float> row(trace.row_values()), before(tiny::kWidth), after(tiny::kWidth);
  for (const int32_t token : {72, 101, 108}) {
    session_->get_state(before.data());
    ASSERT_TRUE(session_->advance(&token, 1, GraphChoice::kDecode).ok());
    session_->get_state(after.data());
    trace.read(row.data());
    EXPECT_EQ(part(row.data(), tiny::kWidth), before);
    EXPECT_EQ(part(&row[tiny::kWidth], tiny::kVocabulary),
              part(session_->logits(), tiny::kVocabulary));
    EXPECT_EQ(part(&row[tiny::kWidth + tiny::kVocabulary], tiny::kWidth), after);
  }
}

TEST_F(TensorTraceTest, WithoutNamesItHasAllOutputs) {
  const TensorTrace trace = TensorTrace::create(session_->runner(), {}).value();
  ASSERT_EQ(trace.tensors().size(), session_->runner().graph().outputs().size());
  for (const TensorTrace::Tensor& tensor : trace.tensors()) EXPECT_FALSE(tensor.is_input);
}

TEST_F(TensorTraceTest, AnUnknownNameIsAnErrorThatSaysIt) {
  const auto trace = TensorTrace::create(session_->runner(), {"out", "blocks.9.timeMix.k"});
  ASSERT_FALSE(trace.ok());
  EXPECT_EQ(trace.error().code, "trace/no-tensor");
  EXPECT_NE(trace.error().message.find("blocks.9.timeMix.k"), std::string::npos);
}

}  // namespace
}  // namespace rwkv
