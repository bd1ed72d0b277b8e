#include "manifest.h"

#include <gtest/gtest.h>

#include "context_file.h"
#include "fixtures/tiny_artefact.h"

namespace rwkv {
namespace {

using tiny::manifest_text;
using tiny::replaced;

std::string failure(const std::string& text) {
  const Result<Manifest> manifest = parse_manifest(text, "model.json");
  return manifest.ok() ? "accepted" : manifest.error().message;
}

TEST(Manifest, ReadsTheTinyArtefact) {
  const Result<Manifest> result = parse_manifest(manifest_text(), "model.json");
  ASSERT_TRUE(result.ok()) << result.error().message;
  const Manifest& m = result.value();
  EXPECT_EQ(m.name, "tiny");
  EXPECT_EQ(m.vocabulary, 256u);
  EXPECT_EQ(m.htp.soc_model, 57u);
  EXPECT_EQ(m.htp.vtcm_mb, 8u);
  EXPECT_EQ(m.tokenizer.kind, "bytes");
  EXPECT_TRUE(m.embedding.on_host);
  EXPECT_TRUE(m.weights.empty());
  EXPECT_EQ(m.graphs.size(), 2u);
  EXPECT_EQ(m.graph(ManifestGraph::Kind::kPrefill)->tokens, 2u);
  EXPECT_EQ(m.graphs[0].states[0].slices[0].strides, std::vector<uint64_t>{1});
  EXPECT_EQ(m.files.at("embedding.bin").bytes, 32768u);
  EXPECT_EQ(m.sha256.size(), 64u);
}

TEST(Manifest, OptionalPartsMayBeNull) {
  const std::string text =
      replaced(replaced(manifest_text(),
                        R"({"soc": "SM8650", "socModel": 57, "arch": 75, "vtcmMb": 8})", "null"),
               R"({"kind": "bytes"})", "null");
  const Result<Manifest> manifest = parse_manifest(text, "m");
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  EXPECT_FALSE(manifest.value().has_htp);
  EXPECT_EQ(manifest.value().tokenizer.kind, "");
}

struct Case {
  const char* from;
  const char* to;
  const char* message;
};

class ManifestErrors : public testing::TestWithParam<Case> {};

TEST_P(ManifestErrors, NamePlaceAndValue) {
  const Case& c = GetParam();
  EXPECT_EQ(failure(replaced(manifest_text(), c.from, c.to)), c.message);
}

INSTANTIATE_TEST_SUITE_P(
    All, ManifestErrors,
    testing::Values(
        Case{"rwkvc-artefact", "other",
             R"(model.json: format: expected "rwkvc-artefact", found "other")"},
        Case{"\"formatVersion\": 1", "\"formatVersion\": 2",
             "model.json: formatVersion: expected 1, the version this runtime reads, found 2"},
        Case{"\"vocabulary\": 256", "\"vocabulary\": 0",
             "model.json: vocabulary: expected between 1 and 2^31 - 1, found 0"},
        Case{"\"vocabulary\": 256", "\"vocabulary\": \"256\"",
             R"(model.json: vocabulary: expected an integer of 0 or more, found "256")"},
        Case{"\"tokens\": 1", "\"tokens\": 1.5",
             "model.json: graphs[0].tokens: expected an integer of 0 or more, found 1.5"},
        Case{"\"tokens\": 1", "\"tokens\": 3",
             "model.json: graphs[0].tokens: expected 1 for a decode graph, found 3"},
        Case{"\"decode\"", "\"chat\"",
             R"(model.json: graphs[0].kind: expected decode or prefill, found "chat")"},
        Case{
            "\"logits\"", "\"probabilities\"",
            R"(model.json: graphs[0].outputs[0].role: expected token, embedding or logits, found "probabilities")"},
        Case{
            "\"float32\", \"shape\": [1, 256]", "\"float64\", \"shape\": [1, 256]",
            R"(model.json: graphs[0].outputs[0].dtype: expected float16, float32, int32 or uint16, found "float64")"},
        Case{"\"shape\": [1, 256]", "\"shape\": [1, 255]",
             "model.json: graphs[0].outputs: expected logits of 1 x 256 values, found an array of "
             "1"},
        Case{"\"shape\": [1, 32]", "\"shape\": [1, 0]",
             "model.json: graphs[0].inputs[0].shape: expected a shape of at least 1 and at most "
             "2^40 elements, found an array of 2"},
        Case{"\"shape\": [1, 32]", "\"shape\": [4294967296, 4294967296]",
             "model.json: graphs[0].inputs[0].shape: expected a shape of at least 1 and at most "
             "2^40 elements, found an array of 2"},
        Case{"\"offset\": 0", "\"offset\": 1",
             "model.json: graphs[0].states[0].slices[0].offset: expected a slice inside its "
             "tensor, found 1"},
        Case{"\"offset\": 0", "\"offset\": 99999999999999",
             "model.json: graphs[0].states[0].slices[0].offset: expected a slice inside its "
             "tensor, found 99999999999999"},
        Case{"\"strides\": [1]", "\"strides\": [999999999999999999]",
             "model.json: graphs[0].states[0].slices[0].offset: expected a slice inside its "
             "tensor, found 0"},
        Case{"\"strides\": [1]", "\"strides\": [1, 1]",
             "model.json: graphs[0].states[0].slices[0].strides: expected one number for each of "
             "the slice's 1 axes, found an array of 2"},
        Case{"\"scale\": 1", "\"scale\": 0",
             "model.json: graphs[0].states[0].slices[0].scale: expected a number other than 0, "
             "found 0"},
        Case{
            "\"embedding.bin\"", "\"../../etc/passwd\"",
            R"(model.json: embedding.file: expected a path inside the artefact, found "../../etc/passwd")"},
        Case{"\"weights\": null", "\"weights\": \"/etc/passwd\"",
             R"(model.json: weights: expected a path inside the artefact, found "/etc/passwd")"},
        Case{"\"tiny_prefill\"", "\"tiny\"",
             R"(model.json: graphs[1].name: expected a name of its own, found "tiny")"},
        Case{"\"role\": \"embedding\"", "\"role\": \"logits\"",
             "model.json: graphs[0].inputs: expected either a token input or an embedding input, "
             "found an array of 1"}));

TEST(Manifest, EveryCutOfTheFileIsAnErrorAndNoCrash) {
  const std::string text = manifest_text();
  const size_t end = text.rfind('}');
  for (size_t n = 0; n < end; n += 7) EXPECT_NE(failure(text.substr(0, n)), "accepted") << n;
}

TEST(Manifest, AFolderWithoutOneIsNoArtefact) {
  const tiny::TempFolder folder;
  const Result<Manifest> manifest = read_manifest(folder.path());
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(manifest.error().code, "artefact/missing");
  EXPECT_EQ(manifest.error().kind, ErrorKind::kMissing);
}

TEST(FindContext, TakesOnlyABinaryOfThisModelAndSoc) {
  const tiny::TempFolder folder;
  tiny::write_artefact(folder.path());
  const Manifest manifest = read_manifest(folder.path()).value();
  EXPECT_EQ(find_context(folder.path(), manifest, 0).value(), "");
  for (const char* name : {"context", "context/SM8650"})
    ASSERT_EQ(system(("mkdir -p " + folder.path(name)).c_str()), 0);
  tiny::write_text(folder.path("context/SM8650/tiny.bin"), "12345");
  const std::string json =
      R"({"format": "rwkvc-context", "formatVersion": 1, "file": "context/SM8650/tiny.bin",
    "bytes": 5, "socModel": 57, "model": ")" +
      manifest.sha256 + "\"}";
  tiny::write_text(folder.path("context/SM8650/context.json"), json);
  EXPECT_EQ(find_context(folder.path(), manifest, 0).value(),
            folder.path("context/SM8650/tiny.bin"));
  EXPECT_EQ(find_context(folder.path(), manifest, 69).value(), "");
  tiny::write_text(folder.path("context/SM8650/context.json"),
                   replaced(json, "\"bytes\": 5", "\"bytes\": 6"));
  EXPECT_EQ(find_context(folder.path(), manifest, 0).error().code, "context/file-size");
  tiny::write_text(folder.path("context/SM8650/context.json"),
                   replaced(json, manifest.sha256, "0"));
  EXPECT_EQ(find_context(folder.path(), manifest, 0).value(), "");
}

}  // namespace
}  // namespace rwkv
