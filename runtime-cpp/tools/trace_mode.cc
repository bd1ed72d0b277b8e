#include "run_modes.h"
#include "session_flags.h"
#include "tensor_trace.h"
#include "token_file.h"

namespace rwkv {
namespace {

void report_range(JsonWriter& report, const TensorRange& range) {
  if (range.finite > 0) {
    report.member("largest", static_cast<double>(range.largest()));
    report.member("largestAt", range.largest_at);
    report.member("low", static_cast<double>(range.low));
    report.member("high", static_cast<double>(range.high));
  }
  report.member("notFinite", range.not_finite);
  if (range.not_finite > 0) report.member("firstNotFiniteAt", range.first_not_finite_at);
}

/// The array "tensors": in the order of a row, with their ranges when there are any.
void report_tensors(JsonWriter& report, const TensorTrace& trace,
                    const std::vector<TensorRange>& ranges) {
  report.key("tensors").begin_array();
  for (size_t i = 0; i < trace.tensors().size(); ++i) {
    const TensorTrace::Tensor& tensor = trace.tensors()[i];
    report.begin_object().member("name", tensor.info->name);
    report.member("dtype", data_type_name(tensor.info->dtype));
    report.key("dims").begin_array();
    for (const uint32_t d : tensor.info->dims) report.value(d);
    report.end_array().member("offset", tensor.offset);
    if (!ranges.empty()) report_range(report, ranges[i]);
    report.end_object();
  }
  report.end_array();
}

Status run_trace(const Flags& flags, JsonWriter& report, Console&) {
  RWKV_ASSIGN(const std::string tokens_path, flags.required("--tokens"));
  if (!flags.has("--out") && !flags.has("--stats")) {
    return usage_error("usage/missing-flag", "trace needs --out FILE, --stats, or both");
  }
  if (flags.has("--context")) {
    return usage_error("trace/context",
                       "a context binary cannot be traced: its inner values were "
                       "decided to be invisible when it was made",
                       "Leave --context out: the model library is composed for the trace.");
  }
  RWKV_ASSIGN(const std::vector<int32_t> tokens, read_tokens(tokens_path));
  std::vector<std::string> names;
  if (flags.has("--tensors")) {
    RWKV_ASSIGN(names, read_names(flags.text("--tensors")));
  }
  ComposeOptions compose;
  compose.all_readable = true;
  compose.wide = flags.has("--wide");
  RWKV_ASSIGN(const std::unique_ptr<Session> session, open_session(flags, compose));
  RWKV_TRY(session->check_tokens(tokens.data(), tokens.size()));
  RWKV_ASSIGN(const TensorTrace trace, TensorTrace::create(session->runner(), names));

  std::unique_ptr<FileWriter> file;
  if (flags.has("--out")) {
    RWKV_ASSIGN(FileWriter writer, FileWriter::create(flags.text("--out")));
    file = std::make_unique<FileWriter>(std::move(writer));
  }
  std::vector<TensorRange> ranges(flags.has("--stats") ? trace.tensors().size() : 0);
  std::vector<float> row(trace.row_values());
  for (size_t t = 0; t < tokens.size(); ++t) {
    RWKV_TRY(session->advance(&tokens[t], 1, GraphChoice::kDecode));
    trace.read(row.data());
    if (file != nullptr) RWKV_TRY(file->write(row.data(), row.size() * sizeof(float)));
    for (size_t i = 0; i < ranges.size(); ++i) {
      const TensorTrace::Tensor& tensor = trace.tensors()[i];
      ranges[i].add(&row[tensor.offset], tensor.info->elements(), t);
    }
  }
  if (file != nullptr) RWKV_TRY(file->finish());
  report.member("tokens", static_cast<uint64_t>(tokens.size()));
  report.member("graph", session->runner().graph().name());
  report.member("rowValues", trace.row_values());
  report_tensors(report, trace, ranges);
  report_session(report, flags, *session);
  return Done{};
}

}  // namespace

Mode trace_mode() {
  return {{"trace", "write or sum up the values inside the graph, token by token",
           session_flags(
               {{"--tokens", "FILE", "token ids separated by white space"},
                {"--tensors", "FILE", "names of tensors, one a line; default: all but inputs"},
                {"--out", "FILE",
                 "float32, little endian, [tokens, rowValues]; a row has tensor after "
                 "tensor, as the report lists them"},
                {"--wide", nullptr,
                 "compute float16 models in float32: values beyond float16's range are "
                 "seen (host and cpu)"},
                {"--stats", nullptr,
                 "in the report: largest magnitude, range, and count of values that are "
                 "not finite"}})},
          &run_trace};
}

}  // namespace rwkv
