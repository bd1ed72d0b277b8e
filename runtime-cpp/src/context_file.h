#pragma once

#include <string>

#include "manifest.h"
#include "result.h"

namespace rwkv {

/// The context binary in `artefact`/context that was compiled from this model.json for the SoC (0:
/// the manifest's), or an empty path when there is none. A binary of another model.json is passed
/// over; a damaged context.json is an error.
Result<std::string> find_context(const std::string& artefact, const Manifest& manifest,
                                 uint32_t soc_model);

}  // namespace rwkv
