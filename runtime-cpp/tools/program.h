#pragma once

#include <string>
#include <vector>

#include "flags.h"
#include "json.h"
#include "overflow.h"

namespace rwkv {

/// Standard output for our own text only. Qualcomm's libraries print banners on file descriptor 1:
/// it is pointed at stderr before they are loaded, and ours goes to a private copy.
class Console {
 public:
  Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Writes at once, without buffering: a reader sees each piece as it comes. False when the reader
  /// is gone.
  bool write(const std::string& text);

 private:
  int fd_;
};

/// What a mode does: reads its flags, adds members to the report (an open object), writes text to
/// the console.
using ModeFunction = Status (*)(const Flags& flags, JsonWriter& report, Console& console);

struct Mode {
  ModeSpec spec;
  ModeFunction run;
};

/// The main function of both programs: finds the mode, runs it, writes the report (`--report FILE`)
/// and the error text, and leaves the process. Everything the mode made has been freed by then.
[[noreturn]] void run_program(const char* program, const std::vector<Mode>& modes, int argc,
                              char** argv);

/// The object "overflow".
void report_overflow(JsonWriter& report, const Overflow& overflow);

/// Members that describe an error, as the object "error".
void report_error(JsonWriter& report, const Error& error);

}  // namespace rwkv
