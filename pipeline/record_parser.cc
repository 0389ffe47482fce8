#include "pipeline/record_parser.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "pipeline/jsonl_reader.h"
#include "pipeline/record.h"

namespace sdmeta {
namespace {

static_assert(JsonlReader::kPadding >= simdjson::SIMDJSON_PADDING);

namespace ondemand = simdjson::ondemand;

Error not_a_record(std::string_view why) {
  return {ErrorCode::kMalformed, "not a record of sdmeta: " + std::string(why)};
}

// simdjson answers a member that is missing or of another type with an error;
// both leave the value out here.
std::optional<std::string> string_member(ondemand::object& object,
                                         std::string_view key) {
  std::string_view text;
  if (object.find_field_unordered(key).get_string().get(text))
    return std::nullopt;
  return std::string(text);
}

std::optional<std::uint64_t> integer_member(ondemand::object& object,
                                            std::string_view key) {
  std::uint64_t number = 0;
  if (object.find_field_unordered(key).get_uint64().get(number))
    return std::nullopt;
  return number;
}

/// Warnings are `code` or `code: detail`.
bool has_damage_warning(ondemand::object& object) {
  ondemand::array warnings;
  if (object.find_field_unordered("warnings").get_array().get(warnings))
    return false;
  for (auto warning : warnings) {
    std::string_view text;
    if (warning.get_string().get(text)) return false;
    const std::string_view code = text.substr(0, text.find(':'));
    for (const ErrorCode damage : kDamageCodes)
      if (code == error_name(damage)) return true;
  }
  return false;
}

simdjson::error_code take_value(ondemand::value value, RecordValue& out) {
  using Kind = RecordValue::Kind;
  ondemand::json_type type;
  if (const auto error = value.type().get(type)) return error;
  std::string_view text;
  switch (type) {
    case ondemand::json_type::null: out.kind = Kind::kNull; return {};
    case ondemand::json_type::string:
      if (const auto error = value.get_string().get(text)) return error;
      out.kind = Kind::kText;
      break;
    case ondemand::json_type::array: {
      ondemand::array array;
      if (const auto error = value.get_array().get(array)) return error;
      if (const auto error = array.raw_json().get(text)) return error;
      out.kind = Kind::kJson;
      break;
    }
    case ondemand::json_type::object: {
      ondemand::object object;
      if (const auto error = value.get_object().get(object)) return error;
      if (const auto error = object.raw_json().get(text)) return error;
      out.kind = Kind::kJson;
      break;
    }
    case ondemand::json_type::number:
    case ondemand::json_type::boolean:
      text = value.raw_json_token();
      while (!text.empty() && text.back() <= ' ') text.remove_suffix(1);
      out.kind = Kind::kJson;
      break;
  }
  out.text = text;
  return {};
}

/// Walks a record once, with the paths that are wanted.
class ValueWalk {
 public:
  ValueWalk(std::span<const std::string_view> paths,
            std::vector<RecordValue>& values)
      : paths_(paths), values_(values) {}

  /// `path_` is that of `object`, with its dot.
  simdjson::error_code walk(ondemand::object object) {
    const std::size_t prefix = path_.size();
    for (auto field : object) {
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return error;
      ondemand::value value;
      if (const auto error = field.value().get(value)) return error;
      path_.resize(prefix);
      path_.append(key);
      if (const std::size_t at = find(); at != paths_.size()) {
        if (const auto error = take_value(value, values_[at])) return error;
        continue;
      }
      path_ += '.';
      ondemand::object inner;
      if (is_wanted_inside() && !value.get_object().get(inner))
        if (const auto error = walk(inner)) return error;
    }
    path_.resize(prefix);
    return {};
  }

 private:
  /// Fields come in the order of the record, so mostly it is the next path.
  std::size_t find() {
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      const std::size_t at = (next_ + i) % paths_.size();
      if (paths_[at] != path_) continue;
      next_ = at + 1;
      return at;
    }
    return paths_.size();
  }
  bool is_wanted_inside() const {
    return std::any_of(paths_.begin(), paths_.end(),
                       [&](auto path) { return path.starts_with(path_); });
  }

  std::span<const std::string_view> paths_;
  std::vector<RecordValue>& values_;
  std::string path_;
  std::size_t next_ = 0;
};

}  // namespace

struct RecordParser::Storage {
  ondemand::parser parser;
  ondemand::document document;

  std::optional<Error> open(std::string_view line, ondemand::object& object) {
    const auto error = parser
                           .iterate(line.data(), line.size(),
                                    line.size() + JsonlReader::kPadding)
                           .get(document);
    if (error) return not_a_record(simdjson::error_message(error));
    if (document.get_object().get(object))
      return not_a_record("the line is no object");
    return std::nullopt;
  }
};

RecordParser::RecordParser() : storage_(std::make_unique<Storage>()) {}
RecordParser::~RecordParser() = default;

Result<RecordHead> RecordParser::head(std::string_view line) {
  ondemand::object object;
  if (auto error = storage_->open(line, object)) return *std::move(error);
  RecordHead head;
  auto status = string_member(object, "status");
  auto file = string_member(object, "file");
  if (!status || !file) return not_a_record("no status or no file");
  head.status = *std::move(status);
  head.file = *std::move(file);
  head.member = string_member(object, "member");
  head.image_id = integer_member(object, "image_id");
  ondemand::object inner;
  if (!object.find_field_unordered("image").get_object().get(inner))
    head.image_bytes = integer_member(inner, "bytes");
  if (!object.find_field_unordered("row").get_object().get(inner))
    head.image_url = string_member(inner, "image_url");
  // Most have no warning, and need not be walked to their end.
  if (!line.ends_with(R"("warnings":[]})"))
    head.is_damaged = has_damage_warning(object);
  return head;
}

std::optional<Error> RecordParser::values(
    std::string_view line, std::span<const std::string_view> paths,
    std::vector<RecordValue>& values) {
  values.assign(paths.size(), RecordValue());
  ondemand::object object;
  if (auto error = storage_->open(line, object)) return *std::move(error);
  if (const auto error = ValueWalk(paths, values).walk(object))
    return not_a_record(simdjson::error_message(error));
  return std::nullopt;
}

}  // namespace sdmeta
