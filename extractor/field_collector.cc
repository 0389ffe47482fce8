#include "extractor/field_collector.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace sdmeta {

namespace {

// A keyword or tag name; PNG allows 79 bytes.
constexpr std::size_t kMaxKeyBytes = 256;

// Keys under which a writer puts everything it knows. Not among them: keys
// that say who or when (Software, Title, Creation Time), and Description, which
// NovelAI writes in front of the Comment that matters.
constexpr std::array<std::string_view, 11> kWholeGenerationKeys = {
    "sdcpp:parameters",  "parameters",      "prompt", "workflow",
    "generation_data",   "parameters-json", "smproj", "sd-metadata",
    "invokeai_metadata", "invokeai_graph",  "Dream"};

// Keys beside them under which writers of several texts put a part.
constexpr std::array<std::string_view, 6> kOtherKeys = {
    "Comment", "Description", "Software",
    "Source",  "Title",       "XML:com.adobe.xmp"};

// "prompt:{...", "Workflow: {...": how ComfyUI's writers label the tags they
// borrow.
bool is_labelled_json(std::string_view value) noexcept {
  const std::size_t colon = value.find(':');
  if (colon == value.npos || colon == 0) return false;
  const bool is_label = std::all_of(
      value.begin(), value.begin() + static_cast<std::ptrdiff_t>(colon),
      [](char c) {
        const char lower = static_cast<char>(c | 0x20);
        return (lower >= 'a' && lower <= 'z') || c == '_';
      });
  const std::size_t text = value.find_first_not_of(' ', colon + 1);
  return is_label && text != value.npos && value[text] == '{';
}

bool is_generation_text(std::string_view key, std::string_view value) noexcept {
  if (value.empty()) return false;
  if (std::find(kWholeGenerationKeys.begin(), kWholeGenerationKeys.end(),
                key) != kWholeGenerationKeys.end()) {
    return true;
  }
  // Comments may be anybody's; these hold a JSON object or a settings line.
  if (key == "Comment" || key == "UserComment" || key == "exif:UserComment") {
    return value.front() == '{' || value.find("Steps: ") != value.npos;
  }
  return (key == "Make" || key == "Model" || key == "ImageDescription") &&
         is_labelled_json(value);
}

/// Bytes that JSON takes for `text`: six for a control character.
std::size_t json_bytes(std::string_view text) noexcept {
  std::size_t escaped = 0;
  std::size_t controls = 0;
  for (const char c : text) {
    escaped += c == '"' || c == '\\';
    controls += static_cast<unsigned char>(c) < 0x20;
  }
  return text.size() + escaped + 5 * controls;
}

/// Bytes at the front of `text` for which JSON takes at most `max_bytes`.
std::size_t fitting_json(std::string_view text,
                         std::size_t max_bytes) noexcept {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    taken += json_bytes(text.substr(i, 1));
    if (taken > max_bytes) return i;
  }
  return text.size();
}

}  // namespace

std::size_t text_key_behind(std::string_view text) noexcept {
  for (const auto keys :
       {std::span<const std::string_view>(kWholeGenerationKeys),
        std::span<const std::string_view>(kOtherKeys)})
    for (const std::string_view key : keys)
      if (text.ends_with(key)) return key.size();
  return 0;
}

std::size_t generation_key_before(std::string_view text) noexcept {
  for (const std::string_view key : kWholeGenerationKeys)
    if (text.starts_with(key)) return key.size();
  return 0;
}

void FieldCollector::add(Carrier carrier, std::string key, Text text) {
  if (!may_add()) return;
  std::vector<RawField>& fields = image_.fields;
  if (key.size() > kMaxKeyBytes) {
    cut_utf8(key, kMaxKeyBytes);
    key.shrink_to_fit();  // thousands of fields may each have had a long one
  }
  std::size_t written = text.value.size();
  std::size_t admitted = admit(written, key);
  // Six times the limit would otherwise be written of a text of NULs.
  if (6 * (total_bytes_ + written) > limits_.max_field_bytes) {
    const std::size_t allowed = room();
    written = json_bytes(text.value);
    if (written > allowed) {
      admitted = std::min(admitted, fitting_json(text.value, allowed));
      written = allowed;
      note(ErrorCode::kFieldTooLarge, key + " would take more than " +
                                          std::to_string(allowed) +
                                          " bytes as JSON");
    }
  }
  if (text.encoding == Encoding::kBytes) {
    text.value.resize(admitted);
  } else {
    cut_utf8(text.value, admitted);
  }
  if (text.is_damaged) {
    note(ErrorCode::kBadText, text.encoding == Encoding::kBytes
                                  ? key + " is not in the encoding it declares"
                                  : key + " has undecodable characters");
  }
  total_bytes_ += key.size() + std::max(written, text.value.size());
  has_generation_text_ =
      has_generation_text_ || is_generation_text(key, text.value);
  if (fields.empty()) fields.reserve(4);
  fields.push_back(
      {carrier, text.encoding, std::move(key), std::move(text.value)});
}

bool FieldCollector::has_generation_text_from(
    std::size_t first_field) const noexcept {
  const std::span<const RawField> all = image_.fields;
  const auto fields = all.subspan(std::min(first_field, all.size()));
  return std::any_of(fields.begin(), fields.end(), [](const RawField& field) {
    return is_generation_text(field.key, field.value);
  });
}

bool FieldCollector::may_add() {
  if (!is_full()) return true;
  note(ErrorCode::kTooManyFields,
       "only the first " + std::to_string(limits_.max_fields) + " are kept");
  return false;
}

std::size_t FieldCollector::room() const noexcept {
  if (is_full()) return 0;
  return std::min(limits_.max_field_bytes,
                  limits_.max_total_field_bytes -
                      std::min(total_bytes_, limits_.max_total_field_bytes));
}

std::size_t FieldCollector::admit(std::uint64_t bytes, std::string_view place,
                                  std::optional<std::uint64_t> offset) {
  const std::size_t allowed = room();
  if (bytes <= allowed) return static_cast<std::size_t>(bytes);
  if (!may_add()) return 0;
  note(ErrorCode::kFieldTooLarge,
       std::string(place) + " has " + std::to_string(bytes) + " bytes, " +
           std::to_string(allowed) + " are kept",
       offset);
  return allowed;
}

void FieldCollector::note(ErrorCode code, std::string detail,
                          std::optional<std::uint64_t> offset) {
  std::vector<Error>& notes = image_.notes;
  Error error{code, std::move(detail), offset};
  if (code == ErrorCode::kFieldTooLarge || code == ErrorCode::kMemberTooLarge)
    image_.has_passed_limit = true;
  if (notes.size() >= limits_.max_notes) return;
  if (std::find(notes.begin(), notes.end(), error) != notes.end()) return;
  notes.push_back(std::move(error));
}

void FieldCollector::damage(ErrorCode code, std::string detail,
                            std::optional<std::uint64_t> offset) {
  if (image_.damage) return note(code, std::move(detail), offset);
  image_.damage = Error{code, std::move(detail), offset};
}

bool FieldCollector::may_walk_on() {
  if (walked_++ < limits_.max_chunks) return true;
  note(ErrorCode::kTooManyFields, "reading stopped after " +
                                      std::to_string(limits_.max_chunks) +
                                      " parts of the file");
  return false;
}

bool FieldCollector::may_search(std::size_t bytes) {
  searched_bytes_ += bytes;
  if (searched_bytes_ <= limits_.max_search_bytes) return true;
  note(ErrorCode::kTooManyFields, "the search for lost texts stopped after " +
                                      std::to_string(limits_.max_search_bytes) +
                                      " bytes");
  return false;
}

}  // namespace sdmeta
