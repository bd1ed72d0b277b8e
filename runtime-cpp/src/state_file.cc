#include "state_file.h"

#include <cstring>

#include "files.h"
#include "json.h"

namespace rwkv {
namespace {

constexpr char kMagic[] = "RWKVST01";
constexpr size_t kMagicBytes = 8;
constexpr size_t kPrefixBytes = kMagicBytes + sizeof(uint32_t);

std::string slice_text(const ManifestStateSlice& slice) {
  std::string text = slice.name + " [";
  for (size_t i = 0; i < slice.shape.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(slice.shape[i]);
  return text + "]";
}

std::vector<std::string> slice_texts(const std::vector<ManifestState>& states) {
  std::vector<std::string> texts;
  for (const SliceOfState& entry : slices_in_order(states))
    texts.push_back(slice_text(*entry.slice));
  return texts;
}

}  // namespace

Status save_state(const std::string& path, const Manifest& manifest,
                  const std::vector<ManifestState>& states, const std::vector<float>& values) {
  JsonWriter header;
  header.begin_object().member("format", "rwkvc-state").member("spec", manifest.spec_name);
  header.key("slices").begin_array();
  for (const std::string& text : slice_texts(states)) header.value(text);
  header.end_array().end_object();
  const std::string text = header.text();
  const uint32_t length = static_cast<uint32_t>(text.size());
  RWKV_ASSIGN(FileWriter file, FileWriter::create(path));
  RWKV_TRY(file.write(kMagic, kMagicBytes));
  RWKV_TRY(file.write(&length, sizeof length));
  RWKV_TRY(file.write(text.data(), text.size()));
  RWKV_TRY(file.write(values.data(), values.size() * sizeof(float)));
  return file.finish();
}

Result<std::vector<float>> load_state(const std::string& path,
                                      const std::vector<ManifestState>& states) {
  RWKV_ASSIGN(const std::string bytes, read_file(path));
  const auto refuse = [&](const std::string& what) {
    return input_error("state/file", path + what);
  };
  if (bytes.size() < kPrefixBytes || bytes.compare(0, kMagicBytes, kMagic) != 0) {
    return refuse(" is no saved state");
  }
  uint32_t length = 0;
  std::memcpy(&length, bytes.data() + kMagicBytes, sizeof length);
  if (length > bytes.size() - kPrefixBytes) return refuse(" is cut short");
  RWKV_ASSIGN(const Json header,
              parse_json(std::string_view(bytes).substr(kPrefixBytes, length), path));
  const Json* slices = header.find("slices");
  if (slices == nullptr || slices->type != Json::Type::kArray)
    return refuse(" has no list of slices");
  const std::vector<std::string> own = slice_texts(states);
  if (slices->array.size() != own.size()) {
    return refuse(" has " + std::to_string(slices->array.size()) + " slices, the model " +
                  std::to_string(own.size()));
  }
  for (size_t i = 0; i < own.size(); ++i) {
    if (slices->array[i].string != own[i]) {
      return refuse(" is of another model: slice " + std::to_string(i) + " is " +
                    slices->array[i].string + ", the model has " + own[i]);
    }
  }
  uint64_t count = 0;
  for (const ManifestState& state : states) {
    for (const ManifestStateSlice& slice : state.slices) count += slice.elements();
  }
  if (bytes.size() - kPrefixBytes - length != count * sizeof(float))
    return refuse(" has the wrong number of values");
  std::vector<float> values(count);
  std::memcpy(values.data(), bytes.data() + kPrefixBytes + length, count * sizeof(float));
  return values;
}

}  // namespace rwkv
