// Infotext as a string in JSON that no other row knows, as programs have it
// that keep the answer of A1111's API or a database's row in the image:
//   {"id": 7, "info": {"infotexts": ["a cat\nSteps: 20, Sampler: Euler a,
//   .."]}}
#include <string>
#include <string_view>
#include <utility>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"

namespace sdmeta {

extern const ParserRow a1111_row;

namespace {

constexpr int kMostLevels = 4;
constexpr std::size_t kMostStrings = 64;

// The first string that is infotext for sure, and of JSON in a string too;
// empty if there is none.
class Search {
 public:
  explicit Search(const Limits& limits) : limits_(limits) {}

  std::string find(JsonValue value, int levels_left = kMostLevels) {
    if (const auto text = value.string()) return find_in(*text, levels_left);
    std::string found;
    if (levels_left == 0) return found;
    const auto look = [&](JsonValue member) {
      if (found.empty()) found = find(member, levels_left - 1);
    };
    value.for_each_element(look);
    value.for_each_member([&](std::string_view, JsonValue v) { look(v); });
    return found;
  }

 private:
  std::string find_in(std::string_view text, int levels_left) {
    if (!has_infotext_words(text) || ++strings_ > kMostStrings) return {};
    if (levels_left > 0 && starts_like_json(text))
      return find(parse_json(text, limits_).root(), levels_left - 1);
    const bool is_infotext = read_infotext(text, limits_).has_parts();
    return is_infotext ? std::string(text) : std::string();
  }

  const Limits& limits_;
  std::size_t strings_ = 0;
};

// What stands beside the infotext.
void keep_rest(JsonValue root, Generation& generation) {
  root.for_each_member([&](std::string_view key, JsonValue value) {
    if (!has_infotext_words(value.text())) add_extra(generation, key, value);
  });
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const Limits& limits = payloads.limits();
  for (const Payload& payload : payloads.all()) {
    if (!payload.looks_like_json() || !has_infotext_words(payload.text()))
      continue;
    std::string text = Search(limits).find(payload.json());
    if (text.empty()) continue;
    ImageFields image;
    image.fields.push_back({payload.field().carrier, payload.field().encoding,
                            "parameters", std::move(text)});
    const Result<bool> is_read =
        a1111_row.read(Payloads(image, limits), generation, notes);
    keep_rest(payload.json(), generation);
    return is_read;
  }
  return false;
}

}  // namespace

extern const ParserRow infotext_in_json_row = {
    "infotext_in_json", "a1111", "infotext as a string in any JSON", read};

}  // namespace sdmeta
