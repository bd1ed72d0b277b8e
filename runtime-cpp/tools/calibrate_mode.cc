#include <unistd.h>

#include <algorithm>

#include "calibration_state.h"
#include "run_modes.h"
#include "sampler.h"
#include "session_flags.h"
#include "sha256.h"
#include "tensor_trace.h"
#include "token_file.h"

namespace rwkv {
namespace {

/// What is gathered, in which passes over the tokens, and where it goes.
struct Plan {
  std::vector<std::string> tensors;
  /// Tensors of each pass whose X^T X fit into the memory together. One pass at least.
  std::vector<std::vector<std::string>> groups;
  /// Inputs whose X^T X does not fit alone.
  std::vector<std::string> left_out;
  std::vector<int32_t> tokens;
  uint64_t save_every = 0;
  std::string out;
  /// Stands for everything that the numbers depend on.
  std::string key;

  std::string progress_file() const { return out + ".progress"; }
  std::string pass_file(size_t pass) const { return out + ".pass-" + std::to_string(pass); }
};

/// Everything in a graph that has float values: its outputs, which are all tensors that nodes
/// compute, and its inputs, which are states and embeddings.
std::vector<std::string> all_tensors(const Graph& graph) {
  std::vector<std::string> names;
  for (const std::vector<TensorInfo>* infos : {&graph.inputs(), &graph.outputs()}) {
    for (const TensorInfo& info : *infos) {
      if (info.dtype == QNN_DATATYPE_FLOAT_32 || info.dtype == QNN_DATATYPE_FLOAT_16) {
        names.push_back(info.name);
      }
    }
  }
  return names;
}

/// Values of a row of the matrix that a linear layer multiplies: the tensor's last axis.
size_t row_size(const TensorInfo& info) {
  return info.dims.empty() ? 1 : info.dims.back();
}

/// Of the moments of one tensor; and of their values in a file.
uint64_t memory_of(const TensorInfo& info) {
  uint64_t bytes = 0;
  for (const auto& block : moment_blocks(row_size(info))) {
    bytes += SecondMoment::bytes(block.second - block.first);
  }
  return bytes;
}

uint64_t file_bytes_of(const TensorInfo& info) {
  uint64_t values = 0;
  for (const auto& block : moment_blocks(row_size(info))) {
    values += SecondMoment::values(block.second - block.first);
  }
  return sizeof(float) * values;
}

/// Tokens that the model itself writes, from token `first` on, drawn from its whole distribution.
Result<std::vector<int32_t>> write_tokens(Session& session, int32_t first, uint64_t count,
                                          uint64_t seed) {
  SamplerOptions options;
  options.temperature = 1;
  options.seed = seed;
  RWKV_ASSIGN(Sampler sampler, Sampler::create(options));
  std::vector<int32_t> tokens = {first};
  while (tokens.size() < count) {
    RWKV_TRY(session.eval(&tokens.back(), 1));
    Result<int32_t> token = sampler.sample(session.logits(), session.manifest().vocabulary);
    if (!token.ok()) return session.explain(token.error());
    tokens.push_back(token.value());
  }
  session.reset();
  return tokens;
}

Result<std::vector<int32_t>> choose_tokens(const Flags& flags, Session& session) {
  if (flags.has("--tokens") == flags.has("--generate")) {
    return usage_error("usage/tokens", "one of --tokens and --generate is needed");
  }
  std::vector<int32_t> tokens;
  if (flags.has("--tokens")) {
    RWKV_ASSIGN(tokens, read_tokens(flags.text("--tokens")));
  } else {
    RWKV_ASSIGN(const uint64_t count, flags.count("--generate", 0, 1 << 20));
    RWKV_ASSIGN(const uint64_t seed, flags.count("--seed", 0, UINT64_MAX));
    RWKV_ASSIGN(const uint64_t first, flags.count("--first", 0, INT32_MAX));
    if (count == 0) return usage_error("usage/tokens", "--generate 0 leaves nothing to run");
    RWKV_ASSIGN(tokens, write_tokens(session, static_cast<int32_t>(first), count, seed));
  }
  RWKV_TRY(session.check_tokens(tokens.data(), tokens.size()));
  if (flags.has("--tokens-out")) {
    std::string text;
    for (const int32_t token : tokens) text += std::to_string(token) + "\n";
    RWKV_TRY(write_file(flags.text("--tokens-out"), text));
  }
  return tokens;
}

/// Fills `groups` and `left_out`, in the order of the names.
Status group_inputs(const std::vector<std::string>& names, uint64_t memory, const Session& session,
                    Plan& plan) {
  RWKV_ASSIGN(const TensorTrace trace, TensorTrace::create(session.runner(), names));
  plan.groups.emplace_back();
  uint64_t used = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    const uint64_t bytes = memory_of(*trace.tensors()[i].info);
    if (bytes > memory) {
      plan.left_out.push_back(names[i]);
      continue;
    }
    if (used + bytes > memory) {
      plan.groups.emplace_back();
      used = 0;
    }
    plan.groups.back().push_back(names[i]);
    used += bytes;
  }
  return Done{};
}

Result<Plan> make_plan(const Flags& flags, Session& session) {
  Plan plan;
  RWKV_ASSIGN(plan.out, flags.required("--out"));
  RWKV_ASSIGN(const uint64_t memory, flags.count("--memory", 256, 1 << 20));
  RWKV_ASSIGN(plan.save_every, flags.count("--save-every", 512, UINT32_MAX));
  if (plan.save_every == 0) return usage_error("usage/bad-value", "--save-every is at least 1");
  if (flags.has("--tensors")) {
    RWKV_ASSIGN(plan.tensors, read_names(flags.text("--tensors")));
  } else {
    plan.tensors = all_tensors(session.runner().graph());
  }
  RWKV_ASSIGN(plan.tokens, choose_tokens(flags, session));
  std::vector<std::string> inputs;
  if (flags.has("--second-order")) {
    RWKV_ASSIGN(inputs, read_names(flags.text("--second-order")));
    RWKV_TRY(group_inputs(inputs, memory << 20, session, plan));
  } else {
    plan.groups.emplace_back();
  }

  // The manifest has the hashes of all other files of the artefact.
  RWKV_ASSIGN(std::string all, read_file(join_path(flags.text("--artefact"), "model.json")));
  for (const std::vector<std::string>* names : {&plan.tensors, &inputs}) {
    for (const std::string& name : *names) all += '\n' + name;
    all += '\n';
  }
  all.append(reinterpret_cast<const char*>(plan.tokens.data()),
             plan.tokens.size() * sizeof(int32_t));
  for (const uint64_t number : {memory, plan.save_every}) all += '\n' + std::to_string(number);
  plan.key = sha256(all.data(), all.size());
  return plan;
}

std::vector<SecondMoment> moments_of(const TensorTrace& trace) {
  std::vector<SecondMoment> moments;
  for (const TensorTrace::Tensor& tensor : trace.tensors()) {
    for (const auto& block : moment_blocks(row_size(*tensor.info))) {
      moments.emplace_back(block.second - block.first);
    }
  }
  return moments;
}

/// A trace of no tensors is not one of all.
Result<TensorTrace> trace_group(const Session& session, const std::vector<std::string>& names) {
  if (names.empty()) return TensorTrace::nothing(session.runner());
  return TensorTrace::create(session.runner(), names);
}

/// Goes on from what an interrupted run of the same plan has left, if there is such a thing.
Status resume(const Plan& plan, Session& session, CalibrationState& state) {
  if (!file_exists(plan.progress_file())) return Done{};
  RWKV_ASSIGN(const MappedFile file, MappedFile::open(plan.progress_file()));
  uint64_t pass = 0;
  if (!CalibrationState::read_pass(file, plan.key, pass) || pass >= plan.groups.size()) {
    return Done{};
  }
  for (size_t i = 0; i < pass; ++i) {
    RWKV_ASSIGN(const TensorTrace trace, trace_group(session, plan.groups[i]));
    uint64_t bytes = 0;
    for (const TensorTrace::Tensor& tensor : trace.tensors()) {
      bytes += file_bytes_of(*tensor.info);
    }
    const Result<uint64_t> found = file_size(plan.pass_file(i));
    if (!found.ok() || found.value() != bytes) return Done{};
  }
  RWKV_ASSIGN(const TensorTrace trace, trace_group(session, plan.groups[pass]));
  state.moments = moments_of(trace);
  if (!state.load(file, plan.key)) return Done{};
  session.set_state(state.model.data());
  return Done{};
}

uint64_t largest(const TensorTrace& a, const TensorTrace& b) {
  uint64_t most = 0;
  for (const TensorTrace* trace : {&a, &b}) {
    for (const TensorTrace::Tensor& tensor : trace->tensors()) {
      most = std::max(most, tensor.info->elements());
    }
  }
  return most;
}

/// What the last run wrote to the tensors of a group, row after row.
void add_rows(const TensorTrace& group, float* room, std::vector<SecondMoment>& moments) {
  auto moment = moments.begin();
  for (const TensorTrace::Tensor& tensor : group.tensors()) {
    const size_t size = row_size(*tensor.info);
    const float* values = group.read(tensor, room);
    for (const auto& block : moment_blocks(size)) {
      for (size_t at = block.first; at < tensor.info->elements(); at += size) {
        moment->add(values + at);
      }
      ++moment;
    }
  }
}

/// The tokens of one pass, from where `state` is.
Status run_pass(const Plan& plan, Session& session, CalibrationState& state, Console& console) {
  RWKV_ASSIGN(const TensorTrace all, TensorTrace::create(session.runner(), plan.tensors));
  RWKV_ASSIGN(const TensorTrace group, trace_group(session, plan.groups[state.pass]));
  std::vector<float> room(largest(all, group));
  const size_t count = plan.tokens.size();
  while (state.token < count) {
    RWKV_TRY(session.advance(&plan.tokens[state.token], 1, GraphChoice::kDecode));
    ++state.token;
    if (state.pass == 0) {
      for (size_t i = 0; i < all.tensors().size(); ++i) {
        const TensorTrace::Tensor& tensor = all.tensors()[i];
        state.histograms[i].add(all.read(tensor, room.data()), tensor.info->elements());
      }
    }
    add_rows(group, room.data(), state.moments);
    if (state.token % plan.save_every == 0 || state.token == count) {
      for (SecondMoment& moment : state.moments) moment.flush();
    }
    if (state.token % plan.save_every == 0 && state.token < count) {
      session.get_state(state.model.data());
      RWKV_TRY(state.save(plan.progress_file(), plan.key));
    }
    if (state.token % 64 == 0 || state.token == count) {
      const uint64_t done = state.pass * count + state.token;
      console.write(std::to_string(done) + "/" + std::to_string(count * plan.groups.size()) + "\n");
    }
  }
  return Done{};
}

Status write_pass(const Plan& plan, const CalibrationState& state) {
  RWKV_ASSIGN(FileWriter file, FileWriter::create(plan.pass_file(state.pass)));
  for (const SecondMoment& moment : state.moments) {
    const std::vector<float>& values = moment.triangle();
    RWKV_TRY(file.write(values.data(), values.size() * sizeof(float)));
  }
  return file.finish();
}

Result<std::string> describe(const Plan& plan, const Session& session,
                             const CalibrationState& state) {
  JsonWriter json;
  json.begin_object();
  json.member("tokens", static_cast<uint64_t>(plan.tokens.size()));
  json.member("graph", session.runner().graph().name());
  json.member("bins", ValueHistogram::kBins);
  json.key("tensors").begin_array();
  for (size_t i = 0; i < plan.tensors.size(); ++i) {
    const ValueHistogram& histogram = state.histograms[i];
    json.begin_object().member("name", plan.tensors[i]);
    json.member("low", static_cast<double>(histogram.low));
    json.member("high", static_cast<double>(histogram.high));
    json.member("finite", histogram.finite).member("notFinite", histogram.not_finite);
    json.member("zeros", histogram.zeros).member("exponent", histogram.exponent).end_object();
  }
  json.end_array().key("secondOrder").begin_array();
  for (const std::vector<std::string>& names : plan.groups) {
    RWKV_ASSIGN(const TensorTrace trace, trace_group(session, names));
    for (size_t i = 0; i < names.size(); ++i) {
      const uint64_t size = row_size(*trace.tensors()[i].info);
      json.begin_object().member("name", names[i]).member("size", size);
      json.member("blocks", static_cast<uint64_t>(moment_blocks(size).size())).end_object();
    }
  }
  json.end_array().end_object();
  return json.text();
}

/// "RWKVCS01", u32 length of a JSON header, the header, blanks up to a multiple of 8 bytes;
/// float64 counts [tensors, bins]; for each of secondOrder float32 triangles of the blocks of X^T
/// X.
Status write_statistics(const Plan& plan, const Session& session, const CalibrationState& state) {
  RWKV_ASSIGN(std::string header, describe(plan, session, state));
  while ((12 + header.size()) % 8 != 0) header += ' ';
  const uint32_t length = static_cast<uint32_t>(header.size());
  RWKV_ASSIGN(FileWriter file, FileWriter::create(plan.out));
  RWKV_TRY(file.write("RWKVCS01", 8));
  RWKV_TRY(file.write(&length, sizeof(length)));
  RWKV_TRY(file.write(header.data(), header.size()));
  for (const ValueHistogram& histogram : state.histograms) {
    const std::vector<double> counts(histogram.bins.begin(), histogram.bins.end());
    RWKV_TRY(file.write(counts.data(), counts.size() * sizeof(double)));
  }
  for (size_t pass = 0; pass < plan.groups.size(); ++pass) {
    if (plan.groups[pass].empty()) continue;
    RWKV_ASSIGN(const MappedFile values, MappedFile::open(plan.pass_file(pass)));
    RWKV_TRY(file.write(values.data(), values.size()));
  }
  return file.finish();
}

void remove_intermediate(const Plan& plan) {
  ::unlink(plan.progress_file().c_str());
  for (size_t pass = 0; pass < plan.groups.size(); ++pass) ::unlink(plan.pass_file(pass).c_str());
}

Status run_calibrate(const Flags& flags, JsonWriter& report, Console& console) {
  if (flags.has("--context")) {
    return usage_error("trace/context",
                       "a context binary cannot be calibrated with: its inner values were decided "
                       "to be invisible when it was made",
                       "Leave --context out: the model library is composed.");
  }
  ComposeOptions compose;
  compose.all_readable = true;
  RWKV_ASSIGN(const std::unique_ptr<Session> session, open_session(flags, compose));
  RWKV_ASSIGN(const Plan plan, make_plan(flags, *session));
  CalibrationState state;
  state.model.resize(session->state_values());
  state.histograms.resize(plan.tensors.size());
  RWKV_TRY(resume(plan, *session, state));
  const uint64_t resumed = state.pass * plan.tokens.size() + state.token;
  while (state.pass < plan.groups.size()) {
    if (state.token == 0) {
      session->reset();
      RWKV_ASSIGN(const TensorTrace trace, trace_group(*session, plan.groups[state.pass]));
      state.moments = moments_of(trace);
    }
    RWKV_TRY(run_pass(plan, *session, state, console));
    RWKV_TRY(write_pass(plan, state));
    state.moments.clear();
    ++state.pass;
    state.token = 0;
  }
  RWKV_TRY(write_statistics(plan, *session, state));
  remove_intermediate(plan);
  report.member("tokens", static_cast<uint64_t>(plan.tokens.size()));
  report.member("passes", static_cast<uint64_t>(plan.groups.size()));
  report.member("resumedAt", resumed);
  report.key("leftOut").begin_array();
  for (const std::string& name : plan.left_out) report.value(name);
  report.end_array();
  report_session(report, flags, *session);
  return Done{};
}

}  // namespace

Mode calibrate_mode() {
  return {{"calibrate", "gather what quantization needs to know of a model's values",
           session_flags(
               {{"--tokens", "FILE", "token ids separated by white space"},
                {"--generate", "N", "instead: N tokens that the model writes"},
                {"--seed", "N", "of those; default 0"},
                {"--first", "ID", "the first of those; default 0"},
                {"--tokens-out", "FILE", "the tokens, one a line"},
                {"--tensors", "FILE", "names of tensors, one a line; default: all of float values"},
                {"--second-order", "FILE", "names of those whose X^T X is gathered; default: none"},
                {"--memory", "MIB", "for X^T X, in as many passes as it takes; default 256"},
                {"--save-every", "N",
                 "tokens between two savings; a run that was interrupted goes on from the last; "
                 "default 512"},
                {"--out", "FILE", "histograms and X^T X"}})},
          &run_calibrate};
}

}  // namespace rwkv
