#include <algorithm>

#include "json.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/huggingface_tokenizer.h"

namespace rwkv {
namespace {

using Normalizer = HuggingFaceTokenizer::Normalizer;
using Splitter = HuggingFaceTokenizer::Splitter;

/// Reads one tokenizer.json. Places in errors are paths of members: `tokenizer.json: model.vocab`.
class HuggingFaceReader {
 public:
  HuggingFaceReader(const Json& root, const std::string& source, uint64_t vocabulary)
      : root_(root), source_(source), vocabulary_(vocabulary) {}

  Result<HuggingFaceTokenizer::Parts> read() {
    RWKV_TRY(refuse_what_changes_ids());
    RWKV_TRY(read_normalizer(root_.find("normalizer"), "normalizer"));
    RWKV_TRY(read_splitter());
    RWKV_TRY(read_model());
    RWKV_TRY(read_added_tokens());
    RWKV_TRY(read_decoder());
    return std::move(parts_);
  }

 private:
  Error fail(const std::string& place, const std::string& problem) const {
    return input_error("tokenizer/json", source_ + ": " + place + ": " + problem);
  }

  Error unsupported(const std::string& place, const std::string& what,
                    const std::string& known) const {
    return input_error("tokenizer/unsupported",
                       source_ + ": " + place + ": " + what + " is not supported",
                       "Known here: " + known + ".");
  }

  /// A component's type, "" for null or none.
  static std::string type_of(const Json* component) {
    if (component == nullptr || component->type == Json::Type::kNull) return "";
    const Json* const type = component->find("type");
    return type != nullptr && type->type == Json::Type::kString ? type->string : "of no type";
  }

  static bool is_true(const Json* flag) {
    return flag != nullptr && flag->type == Json::Type::kBool && flag->boolean;
  }

  /// A member that is there, not null, not "" and not false.
  static bool says_something(const Json* json) {
    if (json == nullptr || json->type == Json::Type::kNull) return false;
    if (json->type == Json::Type::kString) return !json->string.empty();
    return json->type != Json::Type::kBool || json->boolean;
  }

  Status refuse_what_changes_ids() const {
    for (const char* const name : {"truncation", "padding"}) {
      if (says_something(root_.find(name)))
        return unsupported(name, "cutting or filling texts", "null");
    }
    const std::string processor = type_of(root_.find("post_processor"));
    if (!processor.empty() && processor != "ByteLevel") {
      return unsupported("post_processor", "\"" + processor + "\"", "ByteLevel, null");
    }
    return Done{};
  }

  Status read_normalizer(const Json* json, const std::string& place) {
    const std::string type = type_of(json);
    if (type.empty()) return Done{};
    if (type == "NFC") {
      parts_.normalizers.push_back(Normalizer::kNfc);
    } else if (type == "Lowercase") {
      parts_.normalizers.push_back(Normalizer::kLowercase);
    } else if (type == "Sequence") {
      const Json* const list = json->find("normalizers");
      if (list == nullptr || list->type != Json::Type::kArray)
        return fail(place, "expected a list \"normalizers\"");
      for (size_t i = 0; i < list->array.size(); ++i) {
        RWKV_TRY(read_normalizer(&list->array[i], place + "[" + std::to_string(i) + "]"));
      }
    } else {
      return unsupported(place, "\"" + type + "\"", "NFC, Lowercase, Sequence of these, null");
    }
    return Done{};
  }

  Status read_splitter() {
    const Json* const json = root_.find("pre_tokenizer");
    const std::string type = type_of(json);
    if (type == "ByteLevel") {
      const Json* const pattern = json->find("use_regex");
      parts_.splitter =
          pattern == nullptr || is_true(pattern) ? Splitter::kByteLevel : Splitter::kNone;
      parts_.adds_space = is_true(json->find("add_prefix_space"));
    } else if (type == "WhitespaceSplit") {
      parts_.splitter = Splitter::kWhitespace;
    } else if (!type.empty()) {
      return unsupported("pre_tokenizer", "\"" + type + "\"", "ByteLevel, WhitespaceSplit, null");
    }
    byte_level_ = type == "ByteLevel";
    return Done{};
  }

  Status read_model() {
    const Json* const model = root_.find("model");
    if (model == nullptr) return fail("model", "expected an object, found nothing");
    const std::string type = type_of(model);
    if (type != "BPE" && type != "WordLevel")
      return unsupported("model", "\"" + type + "\"", "BPE, WordLevel");
    const Json* const vocabulary = model->find("vocab");
    if (vocabulary == nullptr || vocabulary->type != Json::Type::kObject)
      return fail("model.vocab", "expected an object of tokens and ids");
    if (byte_level_ != (type == "BPE")) {
      return unsupported("pre_tokenizer", "a model " + type + " with this pre-tokenizer",
                         "BPE with ByteLevel, WordLevel with WhitespaceSplit or null");
    }
    RWKV_TRY(read_vocabulary(*vocabulary));
    return type == "BPE" ? read_bpe(*model) : read_words(*model);
  }

  Status check_id(const std::string& place, const Json* id) const {
    if (id == nullptr || !id->is_integer || id->integer < 0)
      return fail(place, "expected an id, an integer from 0");
    if (static_cast<uint64_t>(id->integer) < vocabulary_) return Done{};
    Error error = fail(place, "id " + std::to_string(id->integer) + " is not among the model's " +
                                  std::to_string(vocabulary_) + " ids, 0 to " +
                                  std::to_string(vocabulary_ - 1));
    error.code = "tokenizer/outside-vocabulary";
    error.hint = "This vocabulary is of another model.";
    return error;
  }

  Status read_vocabulary(const Json& vocabulary) {
    ids_.reserve(vocabulary.object.size());
    for (const Json::Member& member : vocabulary.object) {
      const std::string place = "model.vocab." + quote_json(member.first.substr(0, 60));
      RWKV_TRY(check_id(place, &member.second));
      const int32_t id = static_cast<int32_t>(member.second.integer);
      ids_.emplace(member.first, id);
      const auto added =
          parts_.tokens.emplace(id, byte_level_ ? byte_level_bytes(member.first) : member.first);
      if (!added.second) return fail(place, "id " + std::to_string(id) + " stands for two tokens");
    }
    if (ids_.empty()) return fail("model.vocab", "there is no token");
    return Done{};
  }

  Status read_words(const Json& model) {
    const Json* const unknown = model.find("unk_token");
    int32_t id = -1;
    if (unknown != nullptr && unknown->type == Json::Type::kString) {
      const auto found = ids_.find(unknown->string);
      if (found != ids_.end()) id = found->second;
    }
    parts_.model = std::make_unique<WordLevelModel>(ids_, id);
    return Done{};
  }

  Status read_bpe(const Json& model) {
    for (const char* const name : {"dropout", "continuing_subword_prefix", "end_of_word_suffix",
                                   "byte_fallback", "ignore_merges"}) {
      const Json* const json = model.find(name);
      const bool zero = json != nullptr && json->type == Json::Type::kNumber && json->number == 0;
      if (!zero && says_something(json))
        return unsupported("model." + std::string(name), "a value", "null, false, \"\"");
    }
    std::vector<int32_t> bytes(256, -1);
    for (unsigned byte = 0; byte < 256; ++byte) {
      const auto found = ids_.find(byte_level_character(static_cast<unsigned char>(byte)));
      if (found != ids_.end()) bytes[byte] = found->second;
    }
    const Json* const list = model.find("merges");
    if (list == nullptr || list->type != Json::Type::kArray)
      return fail("model.merges", "expected a list");
    BytePairModel::Merges merges;
    merges.reserve(list->array.size());
    for (size_t i = 0; i < list->array.size(); ++i) {
      RWKV_TRY(read_merge(list->array[i], static_cast<uint32_t>(i), merges));
    }
    parts_.model = std::make_unique<BytePairModel>(std::move(bytes), std::move(merges));
    return Done{};
  }

  /// "left right", or ["left", "right"].
  Status read_merge(const Json& json, uint32_t rank, BytePairModel::Merges& merges) const {
    const std::string place = "model.merges[" + std::to_string(rank) + "]";
    std::string left, right;
    const size_t blank = json.string.find(' ');
    if (json.type == Json::Type::kString && blank != std::string::npos &&
        json.string.find(' ', blank + 1) == std::string::npos) {
      left = json.string.substr(0, blank);
      right = json.string.substr(blank + 1);
    } else if (json.type == Json::Type::kArray && json.array.size() == 2) {
      left = json.array[0].string;
      right = json.array[1].string;
    } else {
      return fail(place, "expected two tokens");
    }
    int32_t ids[3] = {};
    const std::string names[3] = {left, right, left + right};
    for (int i = 0; i < 3; ++i) {
      const auto found = ids_.find(names[i]);
      if (found == ids_.end())
        return fail(place, "the vocabulary has no token " + quote_json(names[i].substr(0, 60)));
      ids[i] = found->second;
    }
    merges[BytePairModel::pair_of(ids[0], ids[1])] = {rank, ids[2]};
    return Done{};
  }

  Status read_added_tokens() {
    const Json* const list = root_.find("added_tokens");
    if (list == nullptr || list->type == Json::Type::kNull) return Done{};
    if (list->type != Json::Type::kArray) return fail("added_tokens", "expected a list");
    std::vector<std::pair<std::string, int32_t>> raw, normalized;
    for (size_t i = 0; i < list->array.size(); ++i) {
      const Json& entry = list->array[i];
      const std::string place = "added_tokens[" + std::to_string(i) + "]";
      const Json* const content = entry.find("content");
      if (content == nullptr || content->type != Json::Type::kString || content->string.empty())
        return fail(place, "expected a \"content\", a text");
      for (const char* const flag : {"single_word", "lstrip", "rstrip"}) {
        if (is_true(entry.find(flag)))
          return unsupported(place + "." + flag, quote_json(content->string), "false");
      }
      RWKV_TRY(check_id(place + ".id", entry.find("id")));
      const int32_t id = static_cast<int32_t>(entry.find("id")->integer);
      RWKV_TRY(add_token(place, content->string, id, is_true(entry.find("special"))));
      if (is_true(entry.find("normalized"))) {
        normalized.emplace_back(
            HuggingFaceTokenizer::normalize(parts_.normalizers, content->string), id);
      } else {
        raw.emplace_back(content->string, id);
      }
    }
    parts_.raw_tokens = trie_of(raw);
    parts_.normalized_tokens = trie_of(normalized);
    return Done{};
  }

  Status add_token(const std::string& place, const std::string& content, int32_t id, bool special) {
    const auto known = ids_.find(content);
    if (known != ids_.end() ? known->second != id : parts_.tokens.count(id) != 0) {
      return fail(place, "id " + std::to_string(id) + " and the text " +
                             quote_json(content.substr(0, 60)) +
                             " belong to different tokens of the vocabulary");
    }
    ids_.emplace(content, id);
    parts_.tokens[id] =
        special ? std::string() : (byte_level_ ? byte_level_bytes(content) : content);
    if (special && id == 0) parts_.end_of_text = 0;
    return Done{};
  }

  /// Of equal texts the first counts.
  static VocabularyTrie trie_of(std::vector<std::pair<std::string, int32_t>>& tokens) {
    std::stable_sort(tokens.begin(), tokens.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<VocabularyEntry> entries;
    for (const auto& [text, id] : tokens) {
      if (entries.empty() || entries.back().bytes != text) entries.push_back({text, id});
    }
    return VocabularyTrie(entries);
  }

  Status read_decoder() {
    const std::string type = type_of(root_.find("decoder"));
    if (type != (byte_level_ ? "ByteLevel" : "")) {
      return unsupported("decoder", type.empty() ? "null with this model" : "\"" + type + "\"",
                         "ByteLevel with BPE, null with WordLevel");
    }
    parts_.separator = byte_level_ ? "" : " ";
    return Done{};
  }

  const Json& root_;
  const std::string& source_;
  const uint64_t vocabulary_;
  bool byte_level_ = false;
  std::unordered_map<std::string, int32_t> ids_;
  HuggingFaceTokenizer::Parts parts_;
};

}  // namespace

Result<std::unique_ptr<Tokenizer>> HuggingFaceTokenizer::parse(std::string_view text,
                                                               const std::string& source,
                                                               uint64_t vocabulary) {
  RWKV_ASSIGN(const Json root, parse_json(text, source));
  RWKV_ASSIGN(Parts parts, HuggingFaceReader(root, source, vocabulary).read());
  return std::unique_ptr<Tokenizer>(new HuggingFaceTokenizer(std::move(parts)));
}

}  // namespace rwkv
