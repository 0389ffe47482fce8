// The record's schema, for programs: one description of its members, printed in
// the language of whoever reads the output.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sdmeta {

enum class SchemaDialect : std::uint8_t {
  kJsonSchema,   // JSON Schema, draft 2020-12
  kDuckdb,       // the `columns` of DuckDB's read_json
  kHuggingFace,  // what datasets.Features.from_dict takes
};

enum class ValueKind : std::uint8_t { kString, kInteger, kNumber, kObject };

/// One member of an object. `encode.cc` writes members in this order.
struct SchemaMember {
  std::string_view name;
  ValueKind kind = ValueKind::kString;
  bool is_list = false;
  bool is_nullable = false;
  std::span<const SchemaMember> members;      // of an object
  std::string_view about;                     // for people
};

std::span<const SchemaMember> record_schema();

/// The schema as text that ends in a newline.
std::string print_schema(SchemaDialect dialect);

}  // namespace sdmeta
