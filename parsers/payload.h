// The text of an image as parsers see it: label prefixes split off
// (`Workflow: {...}`), JSON and infotext parsed once however many parsers look
// at it; chunks that a converter put into one JSON object taken out again.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/limits.h"
#include "extractor/raw_fields.h"
#include "parsers/infotext.h"
#include "parsers/json.h"
#include "parsers/name_index.h"
#include "parsers/text.h"

namespace sdmeta {

/// The first bytes are those of a JSON object or array, or may be:
/// `{red|blue}`, `[cat:dog:0.5]` and `[[haze]]` are not.
bool starts_like_json(std::string_view text);

class Payload {
 public:
  Payload(const RawField& field, std::string_view key, std::string_view text,
          const Limits& limits);

  const RawField& field() const { return *field_; }
  /// Keyword, tag name, or the label in front of the text.
  std::string_view key() const { return key_; }
  /// Without label and surrounding white space.
  std::string_view text() const { return text_; }
  /// With what looks like a label: it may be the beginning of a prompt, `sky:
  /// {red|blue}`.
  std::string_view whole_text() const { return trimmed(field_->value); }
  /// Begins like a JSON object, or like a JSON string of one; `{red|blue}
  /// dress` and `{{emphasis}}` do not, and a prompt that is JSON with settings
  /// below it is infotext.
  bool looks_like_json() const { return looks_like_json_; }
  /// The parsed text; parsed on first use. Missing if it is no JSON. An object
  /// written as a JSON string is unwrapped. One thread at a time.
  JsonValue json() const;
  const JsonDocument& document() const;
  /// `document` was called: its notes concern the record.
  bool is_parsed() const { return document_.has_value(); }
  /// False if the text need not be parsed to know that this is no member of it:
  /// graphs of thousands of nodes are asked for their first members only.
  bool may_have(std::string_view member) const;
  /// All of the field read as infotext, whatever it is; read on first use. One
  /// thread at a time.
  const Infotext& infotext() const;
  /// It is infotext for sure: see has_infotext_words().
  bool is_infotext() const;

 private:
  const RawField* field_;
  std::string_view key_;
  std::string_view text_;
  const Limits* limits_;
  bool looks_like_json_;
  std::optional<std::vector<std::string_view>> first_strings_;  // of a graph
  mutable std::optional<JsonDocument> document_;
  struct Reading {
    std::string text;  // what `infotext` views if the field has no LF line ends
    Infotext infotext;
  };
  mutable std::unique_ptr<const Reading> reading_;
  mutable std::optional<bool> is_infotext_;
};

/// JSON that has a name, and what it stands in.
struct NamedJson {
  JsonValue value;        // missing if the text is no JSON
  JsonDocument document;  // owns `value` where that was a string in an object
};

class Payloads {
 public:
  /// Views into `image`, which must outlive it, as must `limits`.
  Payloads(const ImageFields& image, const Limits& limits);

  /// In the order of the fields, without cut copies of later ones; members of
  /// wrapping objects come last.
  const std::vector<Payload>& all() const { return payloads_; }
  /// First payload with this key: exact match first, then ignoring case.
  const Payload* find(std::string_view key) const {
    return keys_.may_have(key) ? search(key) : nullptr;
  }
  /// Text of find(key); empty if there is none.
  std::string_view text_of(std::string_view key) const {
    const Payload* const payload = find(key);
    return payload == nullptr ? std::string_view() : payload->text();
  }
  /// JSON of find(key); missing if there is none.
  JsonValue json_of(std::string_view key) const {
    const Payload* const payload = find(key);
    return payload == nullptr ? JsonValue() : payload->json();
  }
  /// First payload that is a JSON object with this member. Large graphs are not
  /// parsed for it: payloads named `prompt` or `workflow` count only when the
  /// member begins among their first bytes.
  const Payload* find_object_with(std::string_view member) const {
    return has_json_ ? search_object_with(member) : nullptr;
  }
  /// JSON of find(name), or the member `name` of an object, be it a string: as
  /// converters to JPEG and WebP leave it. Nothing if there is neither.
  std::optional<NamedJson> find_json(std::string_view name) const {
    if (!has_json_ && !keys_.may_have(name)) return std::nullopt;
    return search_json(name);
  }
  const ImageFields& image() const { return *image_; }
  const Limits& limits() const { return *limits_; }
  /// A wrapping object has more members than are taken for fields.
  bool has_dropped_members() const { return has_dropped_members_; }

 private:
  void add(const RawField& field);
  const RawField& unescaped(const RawField& field);
  void unwrap(const Payload& wrapper);
  const Payload* search(std::string_view key) const;
  const Payload* search_object_with(std::string_view member) const;
  std::optional<NamedJson> search_json(std::string_view name) const;

  const ImageFields* image_;
  const Limits* limits_;
  // Cost nothing where there are none.
  std::list<RawField> unescaped_;  // of HTML's escapes
  std::list<RawField> unwrapped_;
  bool has_dropped_members_ = false;
  std::vector<Payload> payloads_;
  KeyBits keys_;           // of all payloads
  bool has_json_ = false;  // some payload looks like JSON
};

}  // namespace sdmeta
