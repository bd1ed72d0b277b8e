#include "tokenizer/open_tokenizer.h"

#include "files.h"
#include "sha256.h"
#include "tokenizer/abc_tokenizer.h"
#include "tokenizer/byte_tokenizer.h"
#include "tokenizer/huggingface_tokenizer.h"
#include "tokenizer/world_tokenizer.h"

namespace rwkv {
namespace {

/// Published vocabularies have a few MB: what is much larger is something else, a checkpoint say.
constexpr uint64_t kLargestVocabularyFile = uint64_t{128} << 20;

Result<std::string> read_vocabulary(const std::string& path) {
  RWKV_ASSIGN(const uint64_t bytes, file_size(path));
  if (bytes > kLargestVocabularyFile) {
    return input_error("tokenizer/too-large",
                       path + " has " + std::to_string(bytes >> 20) +
                           " MiB: it is no vocabulary, which has 128 MiB at most");
  }
  return read_file(path);
}

Result<std::unique_ptr<Tokenizer>> parse_vocabulary(const std::string& kind,
                                                    const std::string& text,
                                                    const std::string& source,
                                                    uint64_t vocabulary) {
  if (kind == "world") return WorldTokenizer::parse(text, source, vocabulary);
  return HuggingFaceTokenizer::parse(text, source, vocabulary);
}

}  // namespace

Result<OpenedTokenizer> open_tokenizer(const std::string& name, uint64_t vocabulary) {
  if (name == "bytes") return OpenedTokenizer{name, std::make_unique<ByteTokenizer>(vocabulary)};
  if (name == "abc") return OpenedTokenizer{name, std::make_unique<AbcTokenizer>(vocabulary)};
  RWKV_ASSIGN(const std::string text, read_vocabulary(name));
  OpenedTokenizer opened;
  // A vocabulary's line begins with an id.
  const size_t first = text.find_first_not_of(" \t\r\n");
  opened.kind = first != std::string::npos && text[first] == '{' ? "huggingface" : "world";
  RWKV_ASSIGN(opened.tokenizer, parse_vocabulary(opened.kind, text, name, vocabulary));
  return opened;
}

Result<std::unique_ptr<Tokenizer>> open_tokenizer(const std::string& artefact,
                                                  const Manifest& manifest) {
  const ManifestTokenizer& named = manifest.tokenizer;
  if (named.kind.empty()) {
    return usage_error("tokenizer/none", "the artefact has no tokenizer",
                       "Build it with --tokenizer, or name one now.");
  }
  if (named.file.empty()) {
    if (named.kind == "bytes" || named.kind == "abc") {
      RWKV_ASSIGN(OpenedTokenizer opened, open_tokenizer(named.kind, manifest.vocabulary));
      return std::move(opened.tokenizer);
    }
  } else {
    const std::string path = join_path(artefact, named.file);
    RWKV_ASSIGN(const std::string text, read_vocabulary(path));
    const auto listed = manifest.files.find(named.file);
    if (listed != manifest.files.end() &&
        (listed->second.bytes != text.size() ||
         listed->second.sha256 != sha256(text.data(), text.size()))) {
      return input_error("artefact/hash-mismatch",
                         path + " is not the file that was built: its hash differs",
                         "Copy or build the artefact again.");
    }
    if (named.kind == "world" || named.kind == "huggingface") {
      return parse_vocabulary(named.kind, text, path, manifest.vocabulary);
    }
  }
  return input_error("tokenizer/unknown", "the artefact's tokenizer is of a kind \"" + named.kind +
                                              "\" that this runtime does not have");
}

}  // namespace rwkv
