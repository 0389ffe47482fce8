#include "parsers/payload.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "parsers/html_text.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// JSON goes on with a key, or with the end.
bool starts_like_object(std::string_view text) {
  if (!text.starts_with('{')) return false;
  const std::string_view rest = trimmed(text.substr(1, 64));
  return rest.starts_with('"') || rest.starts_with('\'') ||
         rest.starts_with('}');
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_word_char);
}

// `Workflow: {...}`: ComfyUI's savers put a keyword in front of JSON when the
// container has no keywords (Exif tags); `mold:parameters {...}` in comments.
std::size_t label_length(std::string_view text) {
  constexpr std::size_t kLongestLabel = 32;
  const std::string_view head = text.substr(0, kLongestLabel);
  const std::size_t colon = head.find(':');
  if (colon == head.npos || !is_word(head.substr(0, colon))) return 0;
  if (starts_like_json(trimmed(text.substr(colon + 1)))) return colon;
  const std::size_t blank = head.find(' ', colon);
  if (blank == head.npos || !is_word(head.substr(colon + 1, blank - colon - 1)))
    return 0;
  return starts_like_json(text.substr(blank + 1)) ? blank : 0;
}

// Carriers that have no keywords of their own.
bool has_keyword(Carrier carrier) {
  switch (carrier) {
    case Carrier::kPngText:
    case Carrier::kPngZtxt:
    case Carrier::kPngItxt:
    case Carrier::kPngComf:
    case Carrier::kMp4Mdta:
    case Carrier::kMatroskaTag: return true;
    default: return false;
  }
}

// Graphs of thousands of nodes: too dear to parse for a look at their members.
bool is_named_like_a_graph(std::string_view key) {
  return equal_ignoring_case(key, "prompt") ||
         equal_ignoring_case(key, "workflow") || key == "invokeai_graph" ||
         key == "invokeai_workflow";
}

// The outermost strings among the first bytes of an object, in either kind of
// quotes: its first keys are among them.
std::vector<std::string_view> first_strings(std::string_view text) {
  constexpr std::size_t kFirstBytes = 256;
  text = text.substr(0, kFirstBytes);
  std::vector<std::string_view> strings;
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"' && c != '\'') continue;
    const std::size_t start = at + 1;
    for (++at; at < text.size() && text[at] != c; ++at)
      if (text[at] == '\\') ++at;
    if (depth == 1 && at < text.size())
      strings.push_back(text.substr(start, at - start));
  }
  return strings;
}

// JSON with a line of infotext below it is somebody's prompt: no string of JSON
// has a raw line end in it.
bool stands_above_infotext(std::string_view text) {
  return text.find("\nSteps: ") != text.npos ||
         text.find("}\nNegative prompt:") != text.npos;
}

// A longer text of the same name begins with all of it: what was broken off in
// writing or on the way, in front of the whole.
bool is_cut_copy(const RawField& field, std::span<const RawField> later) {
  constexpr std::size_t kFewestBytes = 16;  // no title, no number
  constexpr std::size_t kMostLooked = 16;  // a thousand texts may have one name
  if (later.empty() || field.value.size() < kFewestBytes) return false;
  later = later.first(std::min(later.size(), kMostLooked));
  return std::any_of(later.begin(), later.end(), [&](const RawField& other) {
    return other.value.size() > field.value.size() && other.key == field.key &&
           other.value.starts_with(field.value);
  });
}

}  // namespace

bool starts_like_json(std::string_view text) {
  if (!text.starts_with('[')) return starts_like_object(text);
  constexpr std::size_t kFirstBytes = 64;
  text = text.substr(0, kFirstBytes);
  const std::size_t inner = text.find_first_not_of("[ \t\r\n");
  return inner == text.npos || text[inner] == '"' || text[inner] == ']' ||
         starts_like_object(text.substr(inner));
}

Payload::Payload(const RawField& field, std::string_view key,
                 std::string_view text, const Limits& limits)
    : field_(&field),
      key_(key),
      text_(text),
      limits_(&limits),
      // Nothing stands below a graph: those are long to search.
      looks_like_json_(
          (starts_like_object(text) || text.starts_with("\"{\\\"")) &&
          ((is_named_like_a_graph(key) && text.ends_with('}')) ||
           !stands_above_infotext(text))) {
  if (is_named_like_a_graph(key) && text.starts_with('{'))
    first_strings_ = first_strings(text);
}

const JsonDocument& Payload::document() const {
  if (document_) return *document_;
  const std::string& value = field_->value;
  const auto spare_bytes = static_cast<std::size_t>(
      value.data() + value.capacity() - (text_.data() + text_.size()));
  document_ = parse_json(text_, *limits_, spare_bytes);
  // Some tools pass what is JSON already to their JSON writer.
  if (const auto inner = document_->root().string();
      inner && starts_like_json(trimmed(*inner))) {
    const std::string text(trimmed(*inner));
    document_ = parse_json(text, *limits_);
  }
  return *document_;
}

const Infotext& Payload::infotext() const {
  if (!reading_) {
    auto reading = std::make_unique<Reading>();
    std::string_view text = trimmed(field_->value);
    if (auto unescaped = with_line_ends(text))
      text = reading->text = std::move(*unescaped);
    if (text.find('\r') != text.npos) text = reading->text = with_lf(text);
    reading->infotext = read_infotext(text, *limits_);
    reading_ = std::move(reading);
  }
  return reading_->infotext;
}

bool Payload::may_have(std::string_view member) const {
  return !first_strings_ ||
         std::find(first_strings_->begin(), first_strings_->end(), member) !=
             first_strings_->end();
}

bool Payload::is_infotext() const {
  if (!is_infotext_)
    is_infotext_ =
        has_infotext_words(trimmed(field_->value)) && infotext().has_parts();
  return *is_infotext_;
}

JsonValue Payload::json() const {
  return looks_like_json() ? document().root() : JsonValue();
}

Payloads::Payloads(const ImageFields& image, const Limits& limits)
    : image_(&image), limits_(&limits) {
  const std::span<const RawField> fields = image.fields;
  payloads_.reserve(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (!is_cut_copy(fields[i], fields.subspan(i + 1)))
      add(unescaped(fields[i]));
  const std::size_t count = payloads_.size();
  for (std::size_t i = 0; i < count; ++i)
    if (!has_keyword(payloads_[i].field().carrier)) unwrap(payloads_[i]);
  for (const RawField& field : unwrapped_) add(field);
}

const RawField& Payloads::unescaped(const RawField& field) {
  auto text = without_html_escapes(field.value);
  if (!text) return field;
  unescaped_.push_back(field);
  unescaped_.back().value = std::move(*text);
  return unescaped_.back();
}

void Payloads::add(const RawField& field) {
  std::string_view key = field.key;
  std::string_view text = trimmed(field.value);
  if (const std::size_t label = label_length(text)) {
    key = text.substr(0, label);
    text = trimmed(text.substr(label + 1));
  }
  payloads_.emplace_back(field, key, text, *limits_);
  if (!key.empty()) keys_.add(key);
  has_json_ = has_json_ || payloads_.back().looks_like_json();
}

// {"parameters": "a cat\nSteps: 20, ..", "prompt": "{..}"}: what converters
// make of the chunks of a PNG file, and some writers of stealth data.
void Payloads::unwrap(const Payload& wrapper) {
  constexpr std::size_t kMostMembers = 64;
  if (!wrapper.looks_like_json() ||
      wrapper.text().find("\"parameters\"") == std::string_view::npos ||
      !wrapper.json()["parameters"].is_string())
    return;
  const RawField& field = wrapper.field();
  wrapper.json().for_each_member([&](std::string_view key, JsonValue value) {
    has_dropped_members_ |= value && unwrapped_.size() >= kMostMembers;
    if (value && unwrapped_.size() < kMostMembers)
      unwrapped_.push_back(
          {field.carrier, field.encoding, std::string(key), value.text()});
  });
}

const Payload* Payloads::search(std::string_view key) const {
  const Payload* similar = nullptr;
  for (const Payload& payload : payloads_) {
    if (payload.key() == key) return &payload;
    if (similar == nullptr && equal_ignoring_case(payload.key(), key))
      similar = &payload;
  }
  return similar;
}

const Payload* Payloads::search_object_with(std::string_view member) const {
  for (const Payload& payload : payloads_) {
    if (!payload.looks_like_json()) continue;
    if (payload.may_have(member) && !payload.json()[member].is_missing())
      return &payload;
  }
  return nullptr;
}

std::optional<NamedJson> Payloads::search_json(std::string_view name) const {
  NamedJson found;
  if (const Payload* const payload = find(name)) {
    found.value = payload->json();
    return found;
  }
  const Payload* const wrapper = find_object_with(name);
  if (wrapper == nullptr) return std::nullopt;
  found.value = wrapper->json()[name];
  if (const auto text = found.value.string()) {
    found.document = parse_json(trimmed(*text), *limits_);
    found.value = found.document.root();
  }
  return found;
}

}  // namespace sdmeta
