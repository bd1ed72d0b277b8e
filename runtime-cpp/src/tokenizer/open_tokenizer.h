#pragma once

#include <memory>
#include <string>

#include "manifest.h"
#include "tokenizer/tokenizer.h"

namespace rwkv {

struct OpenedTokenizer {
  /// As manifests say it: "bytes", "abc", "world", "huggingface".
  std::string kind;
  std::unique_ptr<Tokenizer> tokenizer;
};

/// The tokenizer of that name ("bytes", "abc") or of that vocabulary file, whose kind is seen by
/// its content, for a model of `vocabulary` ids. Errors name file and line.
Result<OpenedTokenizer> open_tokenizer(const std::string& name, uint64_t vocabulary);

/// The artefact's own, its file checked by size and hash.
Result<std::unique_ptr<Tokenizer>> open_tokenizer(const std::string& artefact,
                                                  const Manifest& manifest);

}  // namespace rwkv
