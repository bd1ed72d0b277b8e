#include "json_fields.h"

namespace rwkv {
namespace {

std::string describe(const Json* json) {
  if (json == nullptr) return "nothing";
  switch (json->type) {
    case Json::Type::kString:
      return quote_json(json->string.substr(0, 60));
    case Json::Type::kNumber: {
      JsonWriter writer;
      if (json->is_integer)
        writer.value(json->integer);
      else
        writer.value(json->number);
      const std::string text = writer.text();
      return text.substr(0, text.size() - 1);
    }
    case Json::Type::kArray:
      return "an array of " + std::to_string(json->array.size());
    default:
      return json_type_name(json->type);
  }
}

bool is_count(const Json& json) {
  return json.is_integer && json.integer >= 0;
}

}  // namespace

Result<JsonFields> JsonFields::root(const Json& json, const std::string& source) {
  JsonFields fields(json, source + ": ");
  if (json.type != Json::Type::kObject) return fields.fail_at(source, &json, "an object");
  return fields;
}

std::string JsonFields::place(const std::string& name) const {
  const bool top = path_.size() >= 2 && path_.compare(path_.size() - 2, 2, ": ") == 0;
  return path_ + (top ? "" : ".") + name;
}

Error JsonFields::fail_at(const std::string& where, const Json* found,
                          const std::string& expected) const {
  return input_error("manifest/invalid",
                     where + ": expected " + expected + ", found " + describe(found));
}

Error JsonFields::fail(const std::string& name, const std::string& expected) const {
  return fail_at(place(name), json_->find(name), expected);
}

Result<std::string> JsonFields::text(const std::string& name) const {
  const Json* json = json_->find(name);
  if (json == nullptr || json->type != Json::Type::kString) return fail(name, "a string");
  return json->string;
}

Result<double> JsonFields::number(const std::string& name) const {
  const Json* json = json_->find(name);
  if (json == nullptr || json->type != Json::Type::kNumber) return fail(name, "a number");
  return json->number;
}

Result<uint64_t> JsonFields::count(const std::string& name) const {
  const Json* json = json_->find(name);
  if (json == nullptr || !is_count(*json)) return fail(name, "an integer of 0 or more");
  return static_cast<uint64_t>(json->integer);
}

Result<uint32_t> JsonFields::count32(const std::string& name) const {
  RWKV_ASSIGN(const uint64_t wide, count(name));
  if (wide > UINT32_MAX) return fail(name, "an integer below 2^32");
  return static_cast<uint32_t>(wide);
}

Result<std::vector<uint64_t>> JsonFields::counts(const std::string& name) const {
  const Json* json = json_->find(name);
  if (json == nullptr || json->type != Json::Type::kArray)
    return fail(name, "an array of integers");
  std::vector<uint64_t> values;
  for (const Json& element : json->array) {
    if (!is_count(element)) return fail_at(place(name), &element, "integers of 0 or more");
    values.push_back(static_cast<uint64_t>(element.integer));
  }
  return values;
}

Result<JsonFields> JsonFields::object(const std::string& name) const {
  const Json* json = json_->find(name);
  if (json == nullptr || json->type != Json::Type::kObject) return fail(name, "an object");
  return JsonFields(*json, place(name));
}

Result<std::vector<JsonFields>> JsonFields::objects(const std::string& name) const {
  const Json* json = json_->find(name);
  if (json == nullptr || json->type != Json::Type::kArray) return fail(name, "an array of objects");
  std::vector<JsonFields> all;
  for (size_t i = 0; i < json->array.size(); ++i) {
    const std::string where = place(name) + "[" + std::to_string(i) + "]";
    if (json->array[i].type != Json::Type::kObject) {
      return fail_at(where, &json->array[i], "an object");
    }
    all.push_back(JsonFields(json->array[i], where));
  }
  return all;
}

bool JsonFields::is_null(const std::string& name) const {
  const Json* json = json_->find(name);
  return json == nullptr || json->type == Json::Type::kNull;
}

std::vector<std::string> JsonFields::names() const {
  std::vector<std::string> all;
  for (const Json::Member& member : json_->object) all.push_back(member.first);
  return all;
}

}  // namespace rwkv
