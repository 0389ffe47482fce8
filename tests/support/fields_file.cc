#include "tests/support/fields_file.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace sdmeta {
namespace {

[[noreturn]] void reject(const std::filesystem::path& path, std::size_t line,
                         const std::string& what) {
  throw std::runtime_error(path.string() + ":" + std::to_string(line) + ": " +
                           what);
}

Carrier carrier_named(const std::filesystem::path& path, std::size_t line,
                      std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Carrier::kStealthRgb); ++i)
    if (carrier_name(static_cast<Carrier>(i)) == name)
      return static_cast<Carrier>(i);
  reject(path, line, "no carrier is called " + std::string(name));
}

Container container_named(const std::filesystem::path& path, std::size_t line,
                          std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Container::kMatroska); ++i)
    if (container_name(static_cast<Container>(i)) == name)
      return static_cast<Container>(i);
  reject(path, line, "no container is called " + std::string(name));
}

std::uint32_t number(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'r': result += '\r'; break;
      case 'n': result += '\n'; break;
      case 't': result += '\t'; break;
      case '0': result += '\0'; break;
      case 'x': {
        unsigned byte = 0;
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
        result += static_cast<char>(byte);
        i += 2;
        break;
      }
      default: result += text[i];
    }
  }
  return result;
}

// Room behind the text as the extractor leaves it, so that JSON is parsed in
// place here too.
void finish(RawField& field) {
  constexpr std::size_t kRoomForJson = 64;
  field.value.reserve(field.value.size() + kRoomForJson);
}

}  // namespace

ImageFields read_fields_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error(path.string() + ": cannot be opened");
  const std::string content{std::istreambuf_iterator<char>(stream), {}};

  ImageFields image;
  bool has_field = false;
  bool is_escaped = false;
  std::vector<std::string> texts;
  std::size_t line_number = 0;
  for (std::size_t at = 0; at < content.size();) {
    std::size_t end = content.find('\n', at);
    if (end == content.npos) end = content.size();
    const std::string_view line(content.data() + at, end - at);
    at = end + 1;
    ++line_number;
    if (line.starts_with("--- ")) {
      if (has_field && is_escaped)
        image.fields.back().value = unescaped(image.fields.back().value);
      std::string_view head = line.substr(4);
      is_escaped = head.ends_with(" \\");
      if (is_escaped) head.remove_suffix(2);
      const std::size_t space = head.find(' ');
      if (space == head.npos) reject(path, line_number, "a field has no key");
      image.fields.push_back(
          {carrier_named(path, line_number, head.substr(0, space)),
           Encoding::kUtf8, std::string(head.substr(space + 1)), ""});
      has_field = true;
      texts.clear();
    } else if (has_field) {
      std::string& value = image.fields.back().value;
      if (!texts.empty()) value += '\n';
      value.append(line);
      texts.emplace_back();
    } else if (line.starts_with("container: ")) {
      image.container = container_named(path, line_number, line.substr(11));
    } else if (line.starts_with("size: ")) {
      const std::size_t cross = line.find('x');
      image.width = number(line.substr(6, cross - 6));
      image.height = number(line.substr(cross + 1));
    } else if (line.starts_with("note: photo: ")) {
      image.notes.push_back(
          {ErrorCode::kPhoto, std::string(line.substr(13)), std::nullopt});
    } else if (!line.empty() && !line.starts_with('#')) {
      reject(path, line_number, "neither a comment nor a known setting");
    }
  }
  if (has_field && is_escaped)
    image.fields.back().value = unescaped(image.fields.back().value);
  for (RawField& field : image.fields) finish(field);
  return image;
}

std::vector<std::filesystem::path> all_fields_files() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(SDMETA_FIXTURES))
    if (entry.path().extension() == ".fields") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

ImageFields fields(std::string key, std::string value, Carrier carrier) {
  ImageFields image;
  image.container = Container::kPng;
  image.fields.push_back(
      {carrier, Encoding::kUtf8, std::move(key), std::move(value)});
  finish(image.fields.back());
  return image;
}

}  // namespace sdmeta
