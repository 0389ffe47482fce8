#include "extractor/xmp.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sdmeta {

namespace {

struct Namespace {
  std::string_view uri;
  std::string_view prefix;
};

// Packets may call a namespace anything; fields have one name.
constexpr auto kNamespaces = std::to_array<Namespace>({
    {"http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf"},
    {"adobe:ns:meta/", "x"},
    {"http://purl.org/dc/elements/1.1/", "dc"},
    {"http://ns.adobe.com/xap/1.0/", "xmp"},
    {"http://ns.adobe.com/xap/1.0/mm/", "xmpMM"},
    {"http://ns.adobe.com/xap/1.0/rights/", "xmpRights"},
    {"http://ns.adobe.com/xmp/note/", "xmpNote"},
    {"http://ns.adobe.com/exif/1.0/", "exif"},
    {"http://ns.adobe.com/tiff/1.0/", "tiff"},
    {"http://ns.adobe.com/photoshop/1.0/", "photoshop"},
    {"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", "Iptc4xmpCore"},
    {"http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt"},
    {"http://ns.useplus.org/ldf/xmp/1.0/", "plus"},
    {"https://github.com/leejet/stable-diffusion.cpp/ns/1.0/", "sdcpp"},
});

constexpr std::string_view kSpace = " \t\r\n";

// Deeper packets exist only to hurt.
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxDeclarations = 256;
constexpr std::size_t kMaxAttributes = 1024;
constexpr std::size_t kMaxNameBytes = 256;
constexpr std::size_t kMaxShownBytes = 64;

struct Name {
  std::string_view prefix;  // canonical where the namespace is known
  std::string_view local;
};

struct Declaration {
  std::string_view prefix;
  std::string_view uri;
  std::size_t depth;  // of the element that makes it
};

struct Attribute {
  std::string_view raw_name;
  std::string_view raw_value;
};

struct Element {
  std::string_view raw_name;
  Name name;
  std::string text;  // so far, decoded
};

// A tag for a message.
std::string shown(std::string_view raw_name, bool is_end_tag = false) {
  std::string text(raw_name);
  cut_utf8(text, kMaxShownBytes);
  return (is_end_tag ? "</" : "<") + text + ">";
}

bool is_rdf(const Name& name, std::string_view local) noexcept {
  return name.prefix == "rdf" && name.local == local;
}

// Syntax of RDF, not data.
bool is_syntax(const Name& name) noexcept {
  return name.prefix == "rdf" || name.prefix == "x" || name.prefix == "xml" ||
         name.prefix == "xmlns" || name.prefix.empty();
}

// `reference` is what stands between & and ;. Entities that a DOCTYPE defines
// are not known: XMP forbids them, and they are how small packets grow.
bool append_reference(std::string& out, std::string_view reference) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
      {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [name, character] : kEntities) {
    if (reference == name) {
      out += character;
      return true;
    }
  }
  if (!reference.starts_with('#')) return false;
  reference.remove_prefix(1);
  const bool is_hex = reference.starts_with('x') || reference.starts_with('X');
  if (is_hex) reference.remove_prefix(1);
  std::uint32_t c = 0;
  const char* last = reference.data() + reference.size();
  const auto [end, error] =
      std::from_chars(reference.data(), last, c, is_hex ? 16 : 10);
  if (error != std::errc() || end != last || c == 0) return false;
  append_utf8(out, c);
  return true;
}

// Appends character data with its references resolved; a lone & stays.
void append_unescaped(std::string& out, std::string_view raw) {
  constexpr std::size_t kMaxReference = 12;
  while (!raw.empty()) {
    const std::size_t ampersand = std::min(raw.find('&'), raw.size());
    out.append(raw.substr(0, ampersand));
    raw.remove_prefix(ampersand);
    if (raw.empty()) return;
    const std::size_t semicolon = raw.substr(0, kMaxReference).find(';');
    if (semicolon != raw.npos &&
        append_reference(out, raw.substr(1, semicolon - 1))) {
      raw.remove_prefix(semicolon + 1);
    } else {
      out += '&';
      raw.remove_prefix(1);
    }
  }
}

class PacketReader {
 public:
  PacketReader(std::string_view packet, std::uint64_t file_offset,
               FieldCollector& out)
      : rest_(packet), file_offset_(file_offset), out_(out) {}

  void read();

 private:
  void break_off(std::string detail) {
    out_.note(ErrorCode::kBadXmp, std::move(detail), file_offset_);
    rest_ = {};
    // What is open holds what was read.
    while (!open_.empty()) close_innermost();
  }

  bool skip_behind(std::string_view terminator);
  void read_text(std::string_view raw);
  void read_markup();
  void skip_space();
  bool read_attributes(std::vector<Attribute>& attributes);
  void read_start_tag();
  void read_end_tag(std::string_view raw_name);
  void add_attributes(const std::vector<Attribute>& attributes,
                      const Name& element);
  void close_innermost();
  std::string path(const Name* leaf) const;
  bool is_inside_description() const;
  Name resolve(std::string_view raw_name, bool is_attribute) const;
  void add(std::string key, std::string value);

  std::string_view rest_;
  std::uint64_t file_offset_;
  FieldCollector& out_;
  std::vector<Element> open_;
  std::vector<Declaration> declarations_;
};

Name PacketReader::resolve(std::string_view raw_name, bool is_attribute) const {
  const std::size_t colon = raw_name.find(':');
  const std::string_view prefix =
      colon == raw_name.npos ? std::string_view() : raw_name.substr(0, colon);
  const std::string_view local =
      colon == raw_name.npos ? raw_name : raw_name.substr(colon + 1);
  if (prefix.empty() && is_attribute) return {{}, local};
  for (auto d = declarations_.rbegin(); d != declarations_.rend(); ++d) {
    if (d->prefix != prefix) continue;
    const auto known =
        std::find_if(kNamespaces.begin(), kNamespaces.end(),
                     [d](const Namespace& n) { return n.uri == d->uri; });
    return {known == kNamespaces.end() ? prefix : known->prefix, local};
  }
  return {prefix, local};  // undeclared, as in a torn packet
}

// The properties between the innermost rdf:Description of the root and here:
// "dc:description", "xmpMM:History/stEvt:action".
std::string PacketReader::path(const Name* leaf) const {
  std::string key;
  const auto append = [&key](const Name& name) {
    if (is_syntax(name)) return;
    if (!key.empty()) key += '/';
    key.append(name.prefix).append(":").append(name.local);
  };
  for (const Element& element : open_) append(element.name);
  if (leaf != nullptr) append(*leaf);
  return key;
}

bool PacketReader::is_inside_description() const {
  return std::any_of(open_.begin(), open_.end(), [](const Element& element) {
    return is_rdf(element.name, "Description");
  });
}

void PacketReader::add(std::string key, std::string value) {
  if (key.empty() || value.empty()) return;
  // The packet is UTF-8 by now; characters may have been written as references.
  out_.add(Carrier::kXmp, std::move(key), decode_text(as_bytes(value)));
}

void PacketReader::read() {
  while (!rest_.empty() && out_.may_walk_on()) {
    const std::size_t tag = std::min(rest_.find('<'), rest_.size());
    read_text(rest_.substr(0, tag));
    rest_.remove_prefix(tag);
    if (!rest_.empty()) read_markup();
  }
  if (!open_.empty()) {
    break_off("packet ends inside " + shown(open_.back().raw_name));
  }
}

void PacketReader::read_text(std::string_view raw) {
  if (open_.empty() || raw.empty()) return;
  append_unescaped(open_.back().text, raw);
}

bool PacketReader::skip_behind(std::string_view terminator) {
  const std::size_t at = rest_.find(terminator);
  if (at == rest_.npos) {
    break_off("no " + std::string(terminator) + " before the end");
    return false;
  }
  rest_.remove_prefix(at + terminator.size());
  return true;
}

void PacketReader::skip_space() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
}

// `rest_` begins with '<'.
void PacketReader::read_markup() {
  constexpr std::string_view kCdata = "<![CDATA[";
  if (rest_.starts_with(kCdata)) {
    rest_.remove_prefix(kCdata.size());
    const std::size_t end = std::min(rest_.find("]]>"), rest_.size());
    if (!open_.empty()) open_.back().text.append(rest_.substr(0, end));
    skip_behind("]]>");
  } else if (rest_.starts_with("<!--")) {
    skip_behind("-->");
  } else if (rest_.starts_with("<?")) {
    skip_behind("?>");
  } else if (rest_.starts_with("<!")) {
    skip_behind(">");
  } else if (rest_.starts_with("</")) {
    rest_.remove_prefix(2);
    const std::string_view name = rest_.substr(
        0, std::min(rest_.find_first_of("> \t\r\n"), rest_.size()));
    if (skip_behind(">")) read_end_tag(name);
  } else {
    rest_.remove_prefix(1);
    read_start_tag();
  }
}

// Reads up to the > or /> of the tag, or the end of the packet; false if it
// meets something else, with what it read until there.
bool PacketReader::read_attributes(std::vector<Attribute>& attributes) {
  while (attributes.size() < kMaxAttributes) {
    skip_space();
    if (rest_.empty() || rest_[0] == '>' || rest_.starts_with("/>"))
      return true;
    const std::size_t equals = rest_.find_first_of("=<>");
    if (equals > kMaxNameBytes || rest_[equals] != '=') return false;
    std::string_view name = rest_.substr(0, equals);
    name = name.substr(0, name.find_last_not_of(kSpace) + 1);
    rest_.remove_prefix(equals + 1);
    skip_space();
    if (rest_.empty() || (rest_[0] != '"' && rest_[0] != '\'')) return false;
    const std::size_t end = std::min(rest_.find(rest_[0], 1), rest_.size());
    const std::string_view value = rest_.substr(1, end - 1);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    // Some writers leave < as it is. But if no attribute and no end of the tag
    // follows, the quote is that of another, and < the first that is none.
    const bool has_own_quote = rest_.empty() ||
                               (kSpace.find(rest_[0]) != kSpace.npos) ||
                               rest_[0] == '>' || rest_[0] == '/';
    const std::size_t tag = has_own_quote ? value.npos : value.find('<');
    attributes.push_back({name, value.substr(0, tag)});
    if (tag == value.npos) continue;
    rest_ = {value.data() + tag, rest_.data() + rest_.size()};
    return false;
  }
  return false;
}

void PacketReader::read_start_tag() {
  const std::size_t name_end = rest_.find_first_of(" \t\r\n/>");
  if (name_end == 0 || name_end > kMaxNameBytes) {
    return break_off("ill-formed tag");
  }
  const std::string_view raw_name = rest_.substr(0, name_end);
  rest_.remove_prefix(name_end);
  std::vector<Attribute> attributes;
  if (!read_attributes(attributes)) {
    out_.note(ErrorCode::kBadXmp, "ill-formed attribute in " + shown(raw_name),
              file_offset_);
    // What follows the tag may be whole.
    rest_.remove_prefix(std::min(rest_.find_first_of("<>"), rest_.size()));
  }
  const bool is_empty_element = rest_.starts_with('/');
  if (is_empty_element) rest_.remove_prefix(1);
  if (rest_.starts_with('>')) rest_.remove_prefix(1);

  if (open_.size() >= kMaxDepth) return break_off("nested too deeply");
  for (const Attribute& a : attributes) {
    if (a.raw_name != "xmlns" && !a.raw_name.starts_with("xmlns:")) continue;
    if (declarations_.size() >= kMaxDeclarations) break;
    std::string_view prefix = a.raw_name.substr(5);
    if (!prefix.empty()) prefix.remove_prefix(1);
    declarations_.push_back({prefix, a.raw_value, open_.size()});
  }
  open_.push_back({raw_name, resolve(raw_name, false), {}});
  add_attributes(attributes, open_.back().name);
  if (is_empty_element) close_innermost();
}

void PacketReader::add_attributes(const std::vector<Attribute>& attributes,
                                  const Name& element) {
  if (!is_inside_description()) return;
  for (const Attribute& a : attributes) {
    const Name name = resolve(a.raw_name, true);
    // A property whose value is a resource names it in rdf:resource.
    const bool is_resource = is_rdf(name, "resource") && !is_syntax(element);
    if (is_syntax(name) && !is_resource) continue;
    if (!out_.may_add()) return;
    std::string value;
    append_unescaped(value, a.raw_value);
    add(path(&name), std::move(value));
  }
}

void PacketReader::read_end_tag(std::string_view raw_name) {
  const auto match = std::find_if(
      open_.rbegin(), open_.rend(),
      [raw_name](const Element& e) { return e.raw_name == raw_name; });
  if (match == open_.rend()) {
    return break_off(shown(raw_name, true) + " closes nothing");
  }
  // An element that nobody closed ends with the one around it.
  const auto left_open = static_cast<std::size_t>(match - open_.rbegin());
  if (left_open > 0) {
    out_.note(
        ErrorCode::kBadXmp,
        shown(open_.back().raw_name) + " is closed by " + shown(raw_name, true),
        file_offset_);
  }
  for (std::size_t i = 0; i <= left_open; ++i) close_innermost();
}

void PacketReader::close_innermost() {
  Element& element = open_.back();
  const bool is_blank =
      element.text.find_first_not_of(kSpace) == element.text.npos;
  if (!is_blank && is_inside_description() &&
      (!is_syntax(element.name) || is_rdf(element.name, "li") ||
       is_rdf(element.name, "value")) &&
      out_.may_add()) {
    add(path(nullptr), std::move(element.text));
  }
  open_.pop_back();
  while (!declarations_.empty() && declarations_.back().depth >= open_.size()) {
    declarations_.pop_back();
  }
}

}  // namespace

namespace {

// In front of the packet in a JPEG segment, whence other formats have it.
Bytes without_name(Bytes packet) noexcept {
  constexpr std::string_view kName = "http://ns.adobe.com/xap/1.0/";
  if (!begins_with(packet, kName)) return packet;
  packet = packet.subspan(kName.size());
  return as_text(packet).starts_with('\0') ? packet.subspan(1) : packet;
}

}  // namespace

bool looks_like_xmp(Bytes bytes) noexcept {
  std::string_view text = as_text(without_name(bytes));
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text.starts_with("<?xpacket") || text.starts_with("<x:xmpmeta");
}

void read_xmp(Bytes packet, std::uint64_t file_offset, FieldCollector& out,
              TextEnd end) {
  const Text text = decode_markup(without_name(packet), end);
  const std::string_view markup = text.value;
  if (markup.find('<') == markup.npos) {
    if (!markup.empty()) out.note(ErrorCode::kBadXmp, "no markup", file_offset);
    return;
  }
  PacketReader(markup, file_offset, out).read();
}

}  // namespace sdmeta
