#include "pipeline/schema.h"

#include <array>
#include <nlohmann/json.hpp>

#include "pipeline/record.h"

namespace sdmeta {
namespace {

using Json = nlohmann::ordered_json;

constexpr bool kNullable = true;

constexpr SchemaMember text(std::string_view name, bool is_nullable = false,
                            std::string_view about = {}) {
  return {name, ValueKind::kString, false, is_nullable, {}, about};
}
constexpr SchemaMember integer(std::string_view name, bool is_nullable = false,
                               std::string_view about = {}) {
  return {name, ValueKind::kInteger, false, is_nullable, {}, about};
}
constexpr SchemaMember number(std::string_view name,
                              std::string_view about = {}) {
  return {name, ValueKind::kNumber, false, kNullable, {}, about};
}
constexpr SchemaMember object(std::string_view name,
                              std::span<const SchemaMember> members,
                              bool is_nullable, std::string_view about = {}) {
  return {name, ValueKind::kObject, false, is_nullable, members, about};
}
constexpr SchemaMember list(std::string_view name,
                            std::span<const SchemaMember> members,
                            std::string_view about = {},
                            bool is_nullable = false) {
  return {name, ValueKind::kObject, true, is_nullable, members, about};
}

constexpr std::array kImage = {
    text("format", kNullable, "by magic bytes; null if unknown"),
    integer("width", kNullable, "pixels"),
    integer("height", kNullable, "pixels"),
    integer("bytes", kNullable, "of the file or member; null if unreadable"),
};

constexpr std::array kHires = {
    number("upscale", "factor"),   text("upscaler", kNullable),
    integer("steps", kNullable),   integer("width", kNullable),
    integer("height", kNullable),  number("denoising_strength"),
};

constexpr std::array kLora = {
    text("name"),
    number("weight"),
    number("clip_weight", "of the text encoder, where it differs"),
    text("hash", kNullable),
    integer("model_version_id", kNullable, "civitai"),
};

constexpr std::array kEmbedding = {text("name"), text("hash", kNullable)};

constexpr std::array kPromptPart = {
    text("role", false, "character, region, refiner, hires, adetailer, ..."),
    text("prompt", kNullable),
    text("negative_prompt", kNullable),
};

constexpr std::array kControlNet = {
    text("model", kNullable),
    text("module", kNullable, "preprocessor"),
    number("weight"),
    number("start", "fraction of the steps"),
    number("end", "fraction of the steps"),
};

constexpr std::array kUpscaler = {text("name"), number("scale")};

constexpr std::array kResource = {
    text("type", kNullable),         integer("model_version_id", kNullable),
    number("weight"),                text("name", kNullable),
    text("version_name", kNullable), text("air", kNullable),
};

constexpr std::array kPair = {text("key"), text("value")};

constexpr std::array kGeneration = {
    text("software", false, "what wrote the payload; see sdmeta formats"),
    text("software_version", kNullable),
    text("prompt", kNullable, "verbatim, LoRA tags included"),
    text("negative_prompt", kNullable, "empty if explicitly empty"),
    integer("steps", kNullable),
    text("sampler", kNullable, "as written, without a scheduler suffix"),
    text("scheduler", kNullable, "as written"),
    text("sampler_normalized", kNullable, "the label of A1111"),
    text("scheduler_normalized", kNullable, "lower case, _ for spaces"),
    number("cfg_scale"),
    number("guidance", "distilled guidance (Flux)"),
    text("seed", kNullable, "decimal digits, perhaps with a minus"),
    integer("width", kNullable, "pixels, as the parameters claim"),
    integer("height", kNullable, "pixels, as the parameters claim"),
    text("model", kNullable),
    text("model_hash", kNullable),
    text("vae", kNullable),
    integer("clip_skip", kNullable, "layers counted from the end"),
    number("denoising_strength"),
    object("hires", kHires, false),
    list("loras", kLora),
    list("embeddings", kEmbedding),
    list("prompts", kPromptPart, "prompts for parts of the picture"),
    list("controlnets", kControlNet),
    list("upscalers", kUpscaler),
    list("civitai_resources", kResource),
    list("extra", kPair, "every pair that no member above holds"),
};

constexpr std::array kRow = {
    integer("id", kNullable),
    text("image_url", kNullable, "the UUID, as in the CSV"),
    text("url", kNullable, "address of the original image"),
    integer("user_id", kNullable),
    text("username", kNullable, "from the folder by_username/<user>/"),
    integer("nsfw_level", kNullable),
    text("created_at", kNullable),
    text("published_at", kNullable),
    SchemaMember{"tag_ids", ValueKind::kInteger, true, false, {}, {}},
    integer("image_id", kNullable),
    list("extra", kPair, "columns of other names"),
};

constexpr std::array kRaw = {
    text("carrier", false, "place in the container, e.g. png:tEXt"),
    text("key"),
    text("text"),
};

constexpr std::array kError = {
    text("code"),
    text("detail"),
    integer("offset", kNullable, "bytes from the start of the file"),
};

constexpr std::array kRecord = {
    integer("schema", false, "version of this schema: 1"),
    text("status"),
    text("file", false,
         "path as given or found; a byte 0xNN that is no UTF-8 is U+EFNN"),
    text("member", kNullable, "name inside the archive `file`"),
    integer("image_id", kNullable, "of the row, else read off the name"),
    object("image", kImage, false),
    object("generation", kGeneration, kNullable,
           "null unless a writer was recognised and parsed"),
    object("row", kRow, kNullable, "the CSV row; null if none matched"),
    list("raw", kRaw, "text as found, with --raw", kNullable),
    object("error", kError, kNullable),
    SchemaMember{"warnings", ValueKind::kString, true, false, {},
                 "\"code\" or \"code: detail\""},
};

// --- JSON Schema

Json json_schema_of_object(std::span<const SchemaMember> members);

std::string_view json_type(ValueKind kind) {
  switch (kind) {
    case ValueKind::kString: return "string";
    case ValueKind::kInteger: return "integer";
    case ValueKind::kNumber: return "number";
    case ValueKind::kObject: return "object";
  }
  return "";
}

Json json_schema_of(const SchemaMember& member) {
  Json value = member.kind == ValueKind::kObject
                   ? json_schema_of_object(member.members)
                   : Json{{"type", json_type(member.kind)}};
  if (member.is_list) value = {{"type", "array"}, {"items", std::move(value)}};
  if (member.is_nullable) value["type"] = {value["type"], "null"};
  if (!member.about.empty()) value["description"] = member.about;
  return value;
}

Json json_schema_of_object(std::span<const SchemaMember> members) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const SchemaMember& member : members) {
    properties[std::string(member.name)] = json_schema_of(member);
    required.push_back(member.name);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

Json json_schema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "sdmeta record, schema 1"}};
  schema.update(json_schema_of_object(kRecord));
  schema["properties"]["schema"]["const"] = 1;
  Json statuses = Json::array();
  for (std::size_t i = 0; i < kStatusCount; ++i)
    statuses.push_back(status_name(static_cast<Status>(i)));
  schema["properties"]["status"]["enum"] = std::move(statuses);
  schema["properties"]["generation"]["properties"]["seed"]["pattern"] =
      "^-?[0-9]+$";
  return schema;
}

// --- DuckDB

std::string duckdb_type(const SchemaMember& member) {
  std::string type;
  switch (member.kind) {
    case ValueKind::kString: type = "VARCHAR"; break;
    case ValueKind::kInteger: type = "BIGINT"; break;
    case ValueKind::kNumber: type = "DOUBLE"; break;
    case ValueKind::kObject:
      for (const SchemaMember& inner : member.members) {
        type += type.empty() ? "STRUCT(" : ", ";
        type.append("\"").append(inner.name).append("\" ");
        type += duckdb_type(inner);
      }
      type += ")";
      break;
  }
  return member.is_list ? type + "[]" : type;
}

std::string duckdb_columns() {
  std::string columns;
  for (const SchemaMember& member : kRecord) {
    columns += columns.empty() ? "{" : ",\n ";
    columns.append(member.name).append(": '");
    columns.append(duckdb_type(member)).append("'");
  }
  return columns + "}\n";
}

// --- Hugging Face datasets

Json features_of(std::span<const SchemaMember> members) {
  Json features = Json::object();
  for (const SchemaMember& member : members) {
    Json feature;
    switch (member.kind) {
      case ValueKind::kString:
        feature = {{"dtype", "string"}, {"_type", "Value"}};
        break;
      case ValueKind::kInteger:
        feature = {{"dtype", "int64"}, {"_type", "Value"}};
        break;
      case ValueKind::kNumber:
        feature = {{"dtype", "float64"}, {"_type", "Value"}};
        break;
      case ValueKind::kObject: feature = features_of(member.members); break;
    }
    // A list, and not a Sequence, which would turn a list of objects round.
    if (member.is_list) feature = Json::array({std::move(feature)});
    features[std::string(member.name)] = std::move(feature);
  }
  return features;
}

}  // namespace

std::span<const SchemaMember> record_schema() { return kRecord; }

std::string print_schema(SchemaDialect dialect) {
  switch (dialect) {
    case SchemaDialect::kJsonSchema: return json_schema().dump(2) + "\n";
    case SchemaDialect::kDuckdb: return duckdb_columns();
    case SchemaDialect::kHuggingFace:
      return features_of(kRecord).dump(2) + "\n";
  }
  return {};
}

}  // namespace sdmeta
