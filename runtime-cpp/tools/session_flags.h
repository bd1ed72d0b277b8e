#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend_flags.h"
#include "session.h"
#include "tokenizer/open_tokenizer.h"

namespace rwkv {

/// The flags that `open_session` reads, and then those of the mode.
std::vector<FlagSpec> session_flags(std::vector<FlagSpec> more);

/// The session that the flags ask for; with `threads`, whatever `--threads` says.
Result<std::unique_ptr<Session>> open_session(const Flags& flags,
                                              const ComposeOptions& compose = {},
                                              std::optional<uint32_t> threads = std::nullopt);

/// Members "source", "loadSeconds" and "library", and "overflow" where there was one.
void report_session(JsonWriter& report, const Flags& flags, const Session& session);

/// `--graph`: auto, decode or prefill.
Result<GraphChoice> graph_choice(const Flags& flags);

/// The tokenizer that `--tokenizer` names, or else `--artefact`'s own.
Result<std::unique_ptr<Tokenizer>> session_tokenizer(const Flags& flags, const Manifest& manifest);

}  // namespace rwkv
