#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>
#include <cstdlib>

#include "files.h"
#include "fixtures/tiny_artefact.h"
#include "fixtures/tiny_model.h"
#include "json.h"

namespace rwkv {
namespace {

/// Exit code of a shell command.
int run(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// A library from the environment: its path, or empty, and then the test says so and is skipped.
std::string genuine(const char* variable) {
  const char* path = std::getenv(variable);
  return path != nullptr ? path : "";
}

// The genuine libraries run under the address sanitizer as well.
#define NEED_GENUINE(path) \
  if ((path).empty()) GTEST_SKIP() << "skipped: no genuine library"

class ProgramsTest : public testing::Test {
 protected:
  void SetUp() override { tiny::write_artefact(folder_.path()); }

  std::string path(const std::string& name) const { return folder_.path(name); }

  /// Runs a program with stdout, stderr and report in files of those names.
  int program(const std::string& program, const std::string& args) const {
    return run("'" + program + "' " + args + " --report " + path("report.json") + " > " +
               path("stdout") + " 2> " + path("stderr"));
  }
  std::string common(const std::string& backend, const std::string& library) const {
    return " --artefact " + path("") + " --backend " + backend + " --backend-library " + library +
           " --model-library " + RWKV_TINY_MODEL + " ";
  }
  Json report() const {
    const Result<Json> json = parse_json(tiny::read_text(path("report.json")), "report");
    EXPECT_TRUE(json.ok());
    return json.ok() ? json.value() : Json();
  }
  std::string said(const char* stream) const { return tiny::read_text(path(stream)); }

  /// Logits of a token file against the plain evaluation.
  void expect_logits(double tolerance) const {
    std::vector<double> state(tiny::kWidth);
    const std::vector<double> want = tiny::evaluate({72, 101, 108, 108, 111}, state);
    const std::vector<float> got = tiny::read_floats(path("out.f32"));
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(got[i], want[i], tolerance) << i;
    const std::vector<float> saved = tiny::read_floats(path("state.f32"));
    ASSERT_EQ(saved.size(), state.size());
    for (size_t i = 0; i < state.size(); ++i) ASSERT_NEAR(saved[i], state[i], tolerance) << i;
  }
  std::string logits_args() const {
    tiny::write_text(path("tokens"), " 72 101\n108\t108\n111 ");
    return "--tokens " + path("tokens") + " --out " + path("out.f32") + " --state-out " +
           path("state.f32");
  }

  tiny::TempFolder folder_;
};

TEST_F(ProgramsTest, LogitsOnTheFakeBackend) {
  for (const char* graph : {"auto", "decode", "prefill"}) {
    ASSERT_EQ(program(RWKV_RUN, "logits" + common("htp", RWKV_FAKE_QNN) + logits_args() +
                                    " --graph " + graph),
              0)
        << said("stderr");
    expect_logits(1e-4);
  }
  EXPECT_EQ(report().find("source")->string, "model library");
  EXPECT_EQ(report().find("library")->find("buildId")->string, "fake-build");
  EXPECT_EQ(said("stdout"), "");
}

TEST_F(ProgramsTest, GenerateWritesOnlyTheText) {
  const std::string args =
      "generate" + common("htp", RWKV_FAKE_QNN) + "--prompt Hello --tokens 12 ";
  ASSERT_EQ(program(RWKV_RUN, args), 0) << said("stderr");
  EXPECT_EQ(said("stdout"), report().find("text")->string);
  EXPECT_EQ(report().find("tokens")->integer, 12);
  EXPECT_EQ(report().find("promptTokens")->integer, 5);
  ASSERT_EQ(program(RWKV_RUN, args + "--echo"), 0);
  EXPECT_EQ(said("stdout"), "Hello" + report().find("text")->string);
  // The same seed, the same text; top-p and temperature are heard.
  ASSERT_EQ(program(RWKV_RUN, args + "--temperature 1 --seed 3"), 0);
  const std::string first = said("stdout");
  ASSERT_EQ(program(RWKV_RUN, args + "--temperature 1 --seed 3"), 0);
  EXPECT_EQ(said("stdout"), first);
  ASSERT_EQ(program(RWKV_RUN, args + "--temperature 1 --seed 4"), 0);
  EXPECT_NE(said("stdout"), first);
}

TEST_F(ProgramsTest, EvalIsTheMeanOfTheLogLikelihoods) {
  tiny::write_text(path("text"), "Hello, world");
  const std::string args = "eval" + common("htp", RWKV_FAKE_QNN) + "--text " + path("text") +
                           " --nll-out " + path("nll");
  ASSERT_EQ(program(RWKV_RUN, args + " --limit 9"), 0) << said("stderr");
  const std::string text = "Hello, wo";
  std::vector<double> state(tiny::kWidth);
  const std::vector<double> logits = tiny::evaluate({text.begin(), text.end()}, state);
  double total = 0;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    double sum = 0;
    for (size_t v = 0; v < 256; ++v) sum += std::exp(logits[i * 256 + v]);
    total += std::log(sum) - logits[i * 256 + static_cast<size_t>(text[i + 1])];
  }
  const double mean = total / 8;
  EXPECT_EQ(report().find("tokens")->integer, 9);
  EXPECT_NEAR(report().find("nll")->number, mean, 1e-5);
  EXPECT_NEAR(report().find("bitsPerByte")->number, mean / std::log(2), 1e-5);
  EXPECT_NEAR(report().find("perplexity")->number, std::exp(mean), 1e-3);
  EXPECT_EQ(tiny::read_floats(path("nll")).size(), 8u);
}

TEST_F(ProgramsTest, ExecRunsAGraphOnRawFiles) {
  ASSERT_EQ(run("mkdir " + path("in")), 0);
  const std::vector<float> table = tiny::embedding();
  tiny::write_text(path("in/in.raw"),
                   std::string(reinterpret_cast<const char*>(&table[72 * 32]), 128));
  tiny::write_text(path("in/state0_in.raw"), std::string(128, '\0'));
  const std::string args = "exec --backend htp --backend-library " RWKV_FAKE_QNN
                           " --model-library " RWKV_TINY_MODEL
                           " --soc-model 57 --graph tiny --repeat 3 --inputs " +
                           path("in") + " --outputs " + path("out");
  ASSERT_EQ(program(RWKV_RUN, args), 0) << said("stderr");
  std::vector<double> state(tiny::kWidth);
  const std::vector<double> want = tiny::evaluate({72}, state);
  const std::vector<float> got = tiny::read_floats(path("out/out.raw"));
  ASSERT_EQ(got.size(), 256u);
  for (size_t i = 0; i < 256; ++i) ASSERT_NEAR(got[i], want[i], 1e-4);
  EXPECT_EQ(tiny::read_floats(path("out/state0_out.raw")).size(), 32u);
  tiny::write_text(path("in/in.raw"), "short");
  EXPECT_EQ(program(RWKV_RUN, args), 1);
  EXPECT_EQ(report().find("error")->find("code")->string, "exec/size");
}

TEST_F(ProgramsTest, CompileInfoAndErrorsOfTheFakeBackend) {
  const std::string args = "compile --artefact " + path("") +
                           " --backend-library " RWKV_FAKE_QNN " --system-library " RWKV_FAKE_QNN
                           " --model-library " RWKV_TINY_MODEL " --out " +
                           path("c.bin");
  ASSERT_EQ(program(RWKV_CONTEXT, args), 0) << said("stderr");
  EXPECT_EQ(report().find("binary")->find("dspArch")->integer, 75);
  EXPECT_EQ(report().find("graphs")->array.size(), 2u);
  EXPECT_EQ(report().find("bytes")->integer,
            static_cast<int64_t>(file_size(path("c.bin")).value()));
  EXPECT_EQ(program(RWKV_CONTEXT, "compile --artefact " + path("") +
                                      " --backend-library " RWKV_FAKE_QNN
                                      " --model-library " RWKV_TINY_MODEL_BAD_OP " --out " +
                                      path("d.bin")),
            1);
  const Json error = *report().find("error");
  EXPECT_EQ(error.find("code")->string, "model/compose");
  EXPECT_EQ(error.find("log")->array.at(0).string, "op NoSuchOp of node sum is unknown");
  EXPECT_NE(said("stderr").find("NoSuchOp"), std::string::npos);
  EXPECT_FALSE(file_exists(path("d.bin")));
}

TEST_F(ProgramsTest, ExitCodesTellWhoseMoveItIs) {
  EXPECT_EQ(program(RWKV_RUN, ""), 2);
  EXPECT_EQ(program(RWKV_RUN, "sing"), 2);
  EXPECT_EQ(program(RWKV_RUN, "logits --tokns x"), 2);
  EXPECT_NE(said("stderr").find("Did you mean --tokens?"), std::string::npos);
  EXPECT_EQ(program(RWKV_RUN, "generate" + common("npu", RWKV_FAKE_QNN) + "--prompt x"), 2);
  EXPECT_EQ(
      program(RWKV_RUN, "generate" + common("htp", RWKV_FAKE_QNN) + "--prompt x --temperature hot"),
      2);
  EXPECT_EQ(program(RWKV_RUN, "generate" + common("htp", RWKV_FAKE_QNN) + "--prompt ''"), 2);
  EXPECT_EQ(program(RWKV_RUN, "generate" + common("htp", "/no/such.so") + "--prompt x"), 3);
  EXPECT_EQ(report().find("error")->find("code")->string, "library/missing");
  tiny::write_text(path("tokens"), "1 2 x");
  EXPECT_EQ(program(RWKV_RUN, "logits" + common("htp", RWKV_FAKE_QNN) + "--tokens " +
                                  path("tokens") + " --out " + path("o")),
            1);
  EXPECT_FALSE(file_exists(path("o")));
  tiny::write_text(path("tokens"), "1 2 256");
  EXPECT_EQ(program(RWKV_RUN, "logits" + common("htp", RWKV_FAKE_QNN) + "--tokens " +
                                  path("tokens") + " --out " + path("o")),
            1);
  EXPECT_EQ(report().find("error")->find("code")->string, "token/outside-vocabulary");
  EXPECT_EQ(program(RWKV_RUN, "--help"), 0);
  EXPECT_NE(said("stdout").find("--temperature"), std::string::npos);
}

TEST_F(ProgramsTest, GenuineCpu) {
  const std::string library = genuine("RWKVC_TEST_QNN_CPU");
  NEED_GENUINE(library);
  ASSERT_EQ(program(RWKV_RUN, "logits" + common("cpu", library) + logits_args()), 0)
      << said("stderr");
  expect_logits(1e-5);
  EXPECT_EQ(said("stdout"), "");
  EXPECT_EQ(program(RWKV_RUN, "logits" + common("htp", library) + logits_args()), 2);
  EXPECT_EQ(program(RWKV_RUN, "logits --artefact " + path("") +
                                  " --backend cpu --backend-library " + library +
                                  " --model-library " RWKV_TINY_MODEL_BAD_OP " " + logits_args()),
            1);
}

TEST_F(ProgramsTest, GenuineHtp) {
  const std::string library = genuine("RWKVC_TEST_QNN_HTP");
  NEED_GENUINE(library);
  // Half precision: |logits| below 8, sums of 32 products.
  ASSERT_EQ(program(RWKV_RUN, "logits" + common("htp", library) + logits_args()), 0)
      << said("stderr");
  expect_logits(0.02);
  EXPECT_EQ(said("stdout"), "");
  const std::string composed = said("out.f32");
  ASSERT_EQ(
      program(RWKV_CONTEXT, "compile --artefact " + path("") + " --backend-library " + library +
                                " --model-library " RWKV_TINY_MODEL " --out " + path("c.bin")),
      0)
      << said("stderr");
  const Json binary = *report().find("binary");
  EXPECT_EQ(binary.find("dspArch")->integer, 75);
  EXPECT_EQ(binary.find("socModel")->integer, 57);
  // The VTCM option reached the graphs that the model library made: without it they have 4 MB.
  for (const Json& graph : binary.find("graphs")->array) {
    EXPECT_EQ(graph.find("vtcmBytes")->integer, 8 << 20);
    EXPECT_EQ(graph.find("optimizationLevel")->integer, 3);
  }
  const std::string load = "logits --artefact " + path("") + " --backend htp --backend-library " +
                           library + " --context ";
  ASSERT_EQ(program(RWKV_RUN, load + path("c.bin") + " " + logits_args()), 0) << said("stderr");
  EXPECT_EQ(said("out.f32"), composed);
  EXPECT_EQ(report().find("source")->string, "context");
  ASSERT_EQ(program(RWKV_RUN, load + path("c.bin") + " --soc-model 69 " + logits_args()), 1);
  EXPECT_EQ(report().find("error")->find("code")->string, "context/other-soc");
  // A PC writes binaries with shared weights and crashes on them: they must not get as far.
  ASSERT_EQ(
      program(RWKV_CONTEXT, "compile --share-weights --artefact " + path("") +
                                " --backend-library " + library +
                                " --model-library " RWKV_TINY_MODEL " --out " + path("shared.bin")),
      0);
  ASSERT_EQ(program(RWKV_RUN, load + path("shared.bin") + " " + logits_args()), 1);
  EXPECT_EQ(report().find("error")->find("code")->string, "context/shared-weights");
  tiny::write_text(path("cut.bin"), said("c.bin").substr(0, 5000));
  ASSERT_EQ(program(RWKV_RUN, load + path("cut.bin") + " " + logits_args()), 1);
  EXPECT_EQ(report().find("error")->find("status")->integer, 30010);
}

TEST_F(ProgramsTest, GenuineHtpEstimates) {
  const std::string library = genuine("RWKVC_TEST_QNN_HTP");
  NEED_GENUINE(library);
  // QCS9100 (77) is one of the SoCs that the library estimates.
  ASSERT_EQ(
      program(RWKV_CONTEXT, "estimate --artefact " + path("") + " --backend-library " + library +
                                " --model-library " RWKV_TINY_MODEL " --soc-model 77"),
      0)
      << said("stderr");
  const Json json = report();
  const Json& graph = json.find("graphs")->array.at(0);
  ASSERT_NE(graph.find("estimate")->find("cycles"), nullptr);
  EXPECT_GT(graph.find("estimate")->find("cycles")->integer, 0);
  EXPECT_GT(graph.find("estimate")->find("microseconds")->integer, 0);
}

}  // namespace
}  // namespace rwkv
