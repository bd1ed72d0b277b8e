#include "state_store.h"

#include <gtest/gtest.h>

#include "fixtures/tiny_artefact.h"
#include "state_file.h"

namespace rwkv {
namespace {

/// Two slices in one tensor of [2, 12]: S [2 heads, 3, 2] laid out transposed (strides 6, 1, 3),
/// scaled by 1/4, and p [4] from element 14 on, starting at -1e30. Elements 12, 13 and 18 to 23 are
/// padding.
ManifestState state(Dtype dtype) {
  ManifestState s;
  s.input = "in";
  s.output = "out";
  s.dtype = dtype;
  s.shape = {2, 12};
  ManifestStateSlice matrix;
  matrix.name = "S";
  matrix.shape = {2, 3, 2};
  matrix.strides = {6, 1, 3};
  matrix.scale = 0.25;
  ManifestStateSlice power;
  power.name = "p";
  power.shape = {4};
  power.offset = 14;
  power.strides = {1};
  power.initial = -1e30;
  s.slices = {matrix, power};
  return s;
}

StateStore store(Dtype dtype) {
  return StateStore::create({state(dtype)}, {ElementCodec::create(dtype, TensorInfo()).value()});
}

TEST(StateStore, StartsAtTheSpecsInitialValues) {
  StateStore s = store(Dtype::kFloat32);
  ASSERT_EQ(s.values(), 16u);
  std::vector<float> values(16);
  s.get(values.data());
  for (size_t i = 0; i < 12; ++i) EXPECT_EQ(values[i], 0);
  for (size_t i = 12; i < 16; ++i) EXPECT_EQ(values[i], -1e30f);
  const float* raw = reinterpret_cast<const float*>(s.input(0));
  EXPECT_EQ(raw[13], 0);
  EXPECT_EQ(raw[14], -1e30f);
  EXPECT_EQ(raw[18], 0);
}

TEST(StateStore, StridesAndScalesAreApplied) {
  StateStore s = store(Dtype::kFloat32);
  std::vector<float> values(16);
  for (size_t i = 0; i < 16; ++i) values[i] = static_cast<float>(i + 1);
  s.set(values.data());
  const float* raw = reinterpret_cast<const float*>(s.input(0));
  for (size_t h = 0; h < 2; ++h) {
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 2; ++j) {
        EXPECT_EQ(raw[h * 6 + i + j * 3], values[h * 6 + i * 2 + j] / 4);
      }
    }
  }
  EXPECT_EQ(raw[14], 13);
  std::vector<float> back(16);
  s.get(back.data());
  EXPECT_EQ(back, values);
}

TEST(StateStore, ValuesPassBetweenTypesAndLayouts) {
  StateStore wide = store(Dtype::kFloat32), half = store(Dtype::kFloat16);
  std::vector<float> values(16);
  for (size_t i = 0; i < 16; ++i) values[i] = static_cast<float>(i) / 8 - 1;
  wide.set(values.data());
  std::vector<float> middle(16), back(16);
  wide.get(middle.data());
  half.set(middle.data());
  half.get(back.data());
  EXPECT_EQ(back, values);
}

TEST(StateStore, HalfPrecisionClampsTheInitialValue) {
  StateStore s = store(Dtype::kFloat16);
  std::vector<float> values(16);
  s.get(values.data());
  EXPECT_EQ(values[15], -65504.0f);
}

TEST(StateStore, SlicesComeInTheOrderOfTheSpec) {
  ManifestState first = state(Dtype::kFloat32), second = state(Dtype::kFloat32);
  first.slices.resize(1);
  first.slices[0].order = 1;
  second.slices.erase(second.slices.begin());
  second.slices[0].order = 0;
  StateStore s = StateStore::create({first, second}, {ElementCodec(), ElementCodec()});
  std::vector<float> values(s.values());
  s.get(values.data());
  EXPECT_EQ(values[0], -1e30f);  // p of the second tensor, before S of the first
  EXPECT_EQ(values[4], 0);
}

TEST(StateStore, FlipSwapsTheBuffers) {
  StateStore s = store(Dtype::kFloat32);
  uint8_t* in = s.input(0);
  uint8_t* out = s.output(0);
  EXPECT_NE(in, out);
  s.flip();
  EXPECT_EQ(s.input(0), out);
  EXPECT_EQ(s.output(0), in);
  s.reset();
  std::vector<float> values(16);
  s.get(values.data());
  EXPECT_EQ(values[12], -1e30f);
}

TEST(StateStore, AScalarSliceHasOneValue) {
  ManifestState scalar = state(Dtype::kFloat32);
  scalar.slices.resize(1);
  scalar.slices[0].shape = {};
  scalar.slices[0].strides = {};
  scalar.slices[0].offset = 5;
  StateStore s = StateStore::create({scalar}, {ElementCodec()});
  const float value = 8;
  s.set(&value);
  EXPECT_EQ(reinterpret_cast<const float*>(s.input(0))[5], 2);
  EXPECT_EQ(s.values(), 1u);
}

TEST(Layouts, AreComparedBySliceAndByPlace) {
  std::vector<ManifestState> a = {state(Dtype::kFloat32)}, b = a;
  EXPECT_TRUE(same_layout(a, b));
  b[0].slices[0].strides = {6, 2, 1};
  EXPECT_FALSE(same_layout(a, b));
  EXPECT_TRUE(same_slices(a, b));
  b[0].slices[1].name = "q";
  EXPECT_FALSE(same_slices(a, b));
}

TEST(StateFile, RoundTripAndRefusals) {
  const tiny::TempFolder folder;
  const std::string path = folder.path("s.state");
  Manifest manifest;
  const std::vector<ManifestState> states = {state(Dtype::kFloat16)};
  std::vector<float> values(16);
  for (size_t i = 0; i < 16; ++i) values[i] = static_cast<float>(i);
  ASSERT_TRUE(save_state(path, manifest, states, values).ok());
  EXPECT_EQ(load_state(path, states).value(), values);
  std::vector<ManifestState> other = states;
  other[0].slices[0].shape = {3, 2, 2};
  EXPECT_NE(load_state(path, other)
                .error()
                .message.find("slice 0 is S [2, 3, 2], the model has S [3, 2, 2]"),
            std::string::npos);
  const std::string bytes = tiny::read_text(path);
  for (size_t n = 0; n < bytes.size(); n += 5) {
    tiny::write_text(path, bytes.substr(0, n));
    EXPECT_FALSE(load_state(path, states).ok()) << n;
  }
  EXPECT_EQ(load_state(folder.path("none"), states).error().kind, ErrorKind::kMissing);
}

}  // namespace
}  // namespace rwkv
