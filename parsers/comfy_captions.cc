#include "parsers/comfy_captions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "parsers/json.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

// Objects and lists, compact or in lines; lists of scalars stay in one.
class Writer {
 public:
  explicit Writer(bool is_pretty) : is_pretty_(is_pretty) {}

  void begin(char bracket) {
    text_ += bracket;
    ++level_;
    is_first_ = true;
  }
  void end(char bracket) {
    --level_;
    if (!is_first_) break_line();
    text_ += bracket;
    is_first_ = false;
  }
  void next() {
    if (!is_first_) text_ += ',';
    is_first_ = false;
    break_line();
  }
  void key(std::string_view name) {
    next();
    string(name);
    text_ += is_pretty_ ? ": " : ":";
  }
  void member(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  void string(std::string_view value);
  void number(std::int64_t value) { text_ += std::to_string(value); }
  template <class List, class Write>
  void scalars(const List& list, Write&& write) {
    text_ += '[';
    bool is_first = true;
    for (const auto& value : list) {
      if (!is_first) text_ += is_pretty_ ? ", " : ",";
      is_first = false;
      write(value);
    }
    text_ += ']';
  }
  std::string take() { return std::move(text_); }

 private:
  void break_line() {
    if (!is_pretty_) return;
    text_ += '\n';
    text_.append(4 * level_, ' ');
  }

  std::string text_;
  std::size_t level_ = 0;
  bool is_pretty_;
  bool is_first_ = true;
};

void Writer::string(std::string_view value) {
  constexpr std::string_view kShort = "\"\\\n\r\t\b\f";
  constexpr std::string_view kLetters = "\"\\nrtbf";
  constexpr std::string_view kHex = "0123456789abcdef";
  text_ += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (const std::size_t at = kShort.find(c); at != kShort.npos) {
      text_ += '\\';
      text_ += kLetters[at];
    } else if (byte < 0x20) {
      text_ += "\\u00";
      text_ += kHex[byte >> 4];
      text_ += kHex[byte & 15];
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

std::vector<std::string> colours(JsonValue list) {
  std::vector<std::string> names;
  list.for_each_element([&](JsonValue entry) {
    std::string name(entry.string().value_or(""));
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    if (!name.empty()) names.push_back(std::move(name));
  });
  return names;
}

void write_colours(Writer& out, std::vector<std::string> names,
                   std::size_t most) {
  if (names.empty()) return;
  names.resize(std::min(names.size(), most));
  out.key("color_palette");
  out.scalars(names, [&](const std::string& name) { out.string(name); });
}

// Fractions of the picture to top, left, bottom and right of a grid of 1000.
void write_box(Writer& out, JsonValue element) {
  const auto part = [&](std::string_view name) {
    return element[name].number().value_or(0.0);
  };
  const auto place = [](double fraction) {
    const double cell = std::nearbyint(fraction * 1000);
    return static_cast<std::int64_t>(std::clamp(cell, 0.0, 1000.0));
  };
  std::array<std::int64_t, 4> box = {place(part("y")), place(part("x")),
                                     place(part("y") + part("h")),
                                     place(part("x") + part("w"))};
  if (box[0] > box[2]) std::swap(box[0], box[2]);
  if (box[1] > box[3]) std::swap(box[1], box[3]);
  out.key("bbox");
  out.scalars(box, [&](std::int64_t value) { out.number(value); });
}

void write_element(Writer& out, JsonValue element) {
  const bool is_text = element["type"].string() == "text";
  const JsonValue unplaced = element["nobbox"];
  out.next();
  out.begin('{');
  out.member("type", is_text ? "text" : "obj");
  if (!unplaced.boolean().value_or(unplaced.number().value_or(0) != 0))
    write_box(out, element);
  if (is_text) out.member("text", element["text"].string().value_or(""));
  out.member("desc", element["desc"].string().value_or(""));
  constexpr std::size_t kMostColours = 5;
  write_colours(out, colours(element["palette"]), kMostColours);
  out.end('}');
}

}  // namespace

bool has_elements(std::string_view elements, const Limits& limits) {
  const JsonDocument list = parse_json(elements, limits);
  return list.root().is_array() && list.root().size() != 0;
}

std::string ideogram_caption(const IdeogramCaption& caption,
                             const Limits& limits) {
  const JsonDocument palette = parse_json(caption.palette, limits);
  const JsonDocument elements = parse_json(caption.elements, limits);
  Writer out(caption.is_pretty);
  out.begin('{');
  if (!trimmed(caption.description).empty())
    out.member("high_level_description", caption.description);
  if (caption.style == "photo" || caption.style == "art_style") {
    const bool is_photo = caption.style == "photo";
    out.key("style_description");
    out.begin('{');
    out.member("aesthetics", caption.aesthetics);
    out.member("lighting", caption.lighting);
    if (is_photo) out.member("photo", caption.style_text);
    out.member("medium", caption.medium);
    if (!is_photo) out.member("art_style", caption.style_text);
    write_colours(out, colours(palette.root()), SIZE_MAX);
    out.end('}');
  }
  out.key("compositional_deconstruction");
  out.begin('{');
  out.member("background", caption.background);
  out.key("elements");
  out.begin('[');
  elements.root().for_each_element([&](JsonValue element) {
    if (element.is_object()) write_element(out, element);
  });
  out.end(']');
  out.end('}');
  out.end('}');
  return out.take();
}

}  // namespace sdmeta
