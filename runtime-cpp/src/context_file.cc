#include "context_file.h"

#include "files.h"
#include "json_fields.h"
#include "message_log.h"

namespace rwkv {
namespace {

/// Path of the binary that a context.json describes; empty when it does not fit.
Result<std::string> fitting_binary(const std::string& folder, const Manifest& manifest,
                                   uint32_t soc_model) {
  const std::string path = join_path(folder, "context.json");
  RWKV_ASSIGN(const std::string text, read_file(path));
  RWKV_ASSIGN(const Json json, parse_json(text, path));
  RWKV_ASSIGN(const JsonFields fields, JsonFields::root(json, path));
  RWKV_ASSIGN(const std::string format, fields.text("format"));
  if (format != "rwkvc-context") return fields.fail("format", "\"rwkvc-context\"");
  RWKV_ASSIGN(const uint32_t model, fields.count32("socModel"));
  RWKV_ASSIGN(const std::string made_from, fields.text("model"));
  RWKV_ASSIGN(const std::string file, fields.text("file"));
  RWKV_ASSIGN(const uint64_t bytes, fields.count("bytes"));
  if (model != soc_model) return std::string();
  if (made_from != manifest.sha256) {
    MessageLog::instance().add(QNN_LOG_LEVEL_WARN,
                               path + " is of another model.json: its binary is not used");
    return std::string();
  }
  // The name comes from a file: it must stay in its folder.
  const std::string name = file.substr(file.rfind('/') + 1);
  const std::string binary = join_path(folder, name);
  RWKV_ASSIGN(const uint64_t size, file_size(binary));
  if (size != bytes) {
    return input_error("context/file-size", binary + " has " + std::to_string(size) +
                                                " bytes, context.json says " +
                                                std::to_string(bytes));
  }
  return binary;
}

}  // namespace

Result<std::string> find_context(const std::string& artefact, const Manifest& manifest,
                                 uint32_t soc_model) {
  const std::string root = join_path(artefact, "context");
  if (!file_exists(root)) return std::string();
  const uint32_t wanted = soc_model != 0 ? soc_model : manifest.htp.soc_model;
  RWKV_ASSIGN(const std::vector<std::string> socs, list_folder(root));
  for (const std::string& soc : socs) {
    const std::string folder = join_path(root, soc);
    if (!file_exists(join_path(folder, "context.json"))) continue;
    RWKV_ASSIGN(const std::string binary, fitting_binary(folder, manifest, wanted));
    if (!binary.empty()) return binary;
  }
  return std::string();
}

}  // namespace rwkv
