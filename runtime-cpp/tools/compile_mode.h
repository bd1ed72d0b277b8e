#pragma once

#include "binary_info.h"
#include "program.h"

namespace rwkv {

/// `rwkv-context compile` and `estimate`: finalizes an artefact's graphs for HTP; compile also
/// writes the binary.
Mode compile_mode();
Mode estimate_mode();

/// The object "binary" and the array "graphs" of a context binary's info.
void report_binary(JsonWriter& report, const BinaryInfo& info);

}  // namespace rwkv
