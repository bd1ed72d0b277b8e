#pragma once

#include <string>
#include <vector>

#include "manifest.h"
#include "result.h"

namespace rwkv {

/// A saved state: 8 bytes "RWKVST01", u32 length of a JSON header (little endian), the header,
/// float32 values. The header names spec and slices, so that a state of another model is refused
/// and one of another build of the same is not.
Status save_state(const std::string& path, const Manifest& manifest,
                  const std::vector<ManifestState>& states, const std::vector<float>& values);

/// The values, after a check that the slices are the same.
Result<std::vector<float>> load_state(const std::string& path,
                                      const std::vector<ManifestState>& states);

}  // namespace rwkv
