#include "program.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "files.h"
#include "message_log.h"

namespace rwkv {
namespace {

/// Leaves without running exit handlers and static destructors of foreign libraries. Those of
/// SDK 2.47 and 2.51 were seen to leave cleanly, freed or not, but nothing they do then can matter:
/// all of ours is freed, written and closed by now, and the exit code must be ours.
[[noreturn]] void leave(int code) {
  std::fflush(nullptr);
  std::_Exit(code);
}

const Mode* find_mode(const std::vector<Mode>& modes, const std::string& name) {
  for (const Mode& mode : modes) {
    if (name == mode.spec.name) return &mode;
  }
  return nullptr;
}

int fail(const char* program, const Error& error) {
  std::fprintf(stderr, "%s: %s\n", program, error.to_text().c_str());
  return static_cast<int>(error.kind);
}

std::string value_text(double value) {
  if (std::isnan(value)) return "NaN";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;  // "inf", "-inf" or a number
}

Status run_mode(const Mode& mode, const Flags& flags, JsonWriter& report, Console& console) {
  RWKV_ASSIGN(const uint64_t level, flags.count("--log-level", 0, QNN_LOG_LEVEL_DEBUG));
  MessageLog::instance().echo(static_cast<int>(level));
  return mode.run(flags, report, console);
}

}  // namespace

Console::Console() {
  std::fflush(stdout);
  fd_ = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
}

bool Console::write(const std::string& text) {
  const char* at = text.data();
  size_t left = text.size();
  while (left > 0) {
    const ssize_t written = ::write(fd_, at, left);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    left -= static_cast<size_t>(written);
  }
  return true;
}

void report_overflow(JsonWriter& report, const Overflow& overflow) {
  report.key("overflow").begin_object();
  report.member("token", overflow.token).member("tokens", overflow.tokens);
  report.member("graph", overflow.graph).member("node", overflow.node);
  report.member("tensor", overflow.tensor).member("index", overflow.index);
  // As text: JSON has no word for infinity and NaN.
  report.member("value", value_text(overflow.value));
  report.member("elements", overflow.elements);
  report.key("inputs").begin_array();
  for (const Overflow::Range& input : overflow.inputs) {
    report.begin_object().member("tensor", input.tensor).member("largest", input.largest);
    report.end_object();
  }
  report.end_array().end_object();
}

void report_error(JsonWriter& report, const Error& error) {
  report.key("error").begin_object();
  report.member("code", error.code).member("message", error.message).member("call", error.call);
  report.member("status", error.status).member("hint", error.hint);
  report.key("log").begin_array();
  for (const std::string& line : error.log) report.value(line);
  report.end_array();
  if (error.overflow != nullptr) report_overflow(report, *error.overflow);
  report.end_object();
}

void run_program(const char* program, const std::vector<Mode>& modes, int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that leaves early is an error to handle, not a death
  Console console;
  const std::vector<std::string> args(argv + 1, argv + argc);
  std::vector<ModeSpec> specs;
  for (const Mode& mode : modes) specs.push_back(mode.spec);
  for (const std::string& arg : args) {
    if (arg == "--help" || arg == "-h") {
      console.write(help_text(program, specs));
      leave(0);
    }
  }
  const Mode* mode = args.empty() ? nullptr : find_mode(modes, args[0]);
  if (mode == nullptr) {
    const std::string found = args.empty() ? "no mode is given" : "\"" + args[0] + "\" is no mode";
    leave(fail(program, usage_error("usage/mode", found, "--help lists the modes.")));
  }
  Result<Flags> flags =
      Flags::parse(mode->spec, std::vector<std::string>(args.begin() + 1, args.end()));
  if (!flags.ok()) leave(fail(program, flags.error()));

  JsonWriter report;
  report.begin_object();
  int code = 0;
  const Status status = run_mode(*mode, flags.value(), report, console);
  if (!status.ok()) {
    code = fail(program, status.error());
    report = JsonWriter();  // a half-written report would not be JSON
    report.begin_object();
    report_error(report, status.error());
  }
  report.end_object();
  const std::string path = flags.value().text("--report");
  if (!path.empty()) {
    const Status written = write_file(path, report.text());
    if (!written.ok()) code = fail(program, written.error());
  }
  leave(code);
}

}  // namespace rwkv
