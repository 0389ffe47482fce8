// ComfyUI graphs of any shape: the bytes choose classes of the node table,
// input names that the table knows, literals, and links that may form cycles,
// diamonds and dangling ends; or they make an editor's workflow; or they are
// the text itself. Checks that work and output stay bounded.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <initializer_list>
#include <string>
#include <string_view>

#include "parsers/comfy_nodes.h"
#include "parsers/interpret.h"

namespace {

using sdmeta::NodeField;

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size)
      : data_(data), left_(size) {}
  bool is_empty() const { return left_ == 0; }
  std::uint8_t next() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  std::size_t below(std::size_t bound) {
    const std::size_t high = next();
    return ((high << 8) | next()) % bound;
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

std::string number(std::size_t value) { return std::to_string(value); }

std::string cat(std::initializer_list<std::string_view> parts) {
  std::string whole;
  for (const std::string_view part : parts) whole += part;
  return whole;
}

std::string class_name(Bytes& bytes) {
  const auto table = sdmeta::node_table();
  if (bytes.next() < 24) return cat({"Unlisted", number(bytes.next() % 8)});
  std::string name(table[bytes.below(table.size())].name);
  std::replace(name.begin(), name.end(), '*', 'X');
  return name;
}

std::string input_name(Bytes& bytes) {
  const auto field = static_cast<NodeField>(
      bytes.below(static_cast<std::size_t>(NodeField::kCount_)));
  std::string_view names = sdmeta::field_names(field).names;
  std::string_view name;
  for (std::size_t i = bytes.below(4) + 1; i > 0 && !names.empty(); --i)
    name = sdmeta::next_item(names);
  std::string text(name);
  std::replace(text.begin(), text.end(), '*', '1');
  if (bytes.next() < 16) text = cat({"lora_name_", number(bytes.next() % 4)});
  return text;
}

std::string literal(Bytes& bytes) {
  switch (bytes.next() % 10) {
    case 0: return number(bytes.below(65536));
    case 1: return cat({"0.", number(bytes.next())});
    case 2: return "true";
    case 3: return "null";
    case 4: return "{\"on\":true,\"lora\":\"x.safetensors\",\"strength\":0.5}";
    case 5: return "[{\"name\":\"y\",\"strength\":1}]";
    case 6: return "\"832x1216\"";
    case 7: return cat({"\"model", number(bytes.next()), ".safetensors\""});
    case 8: return "\"-2\"";
    default: return "\"a text, embedding:z <lora:t:0.5>\"";
  }
}

std::string api_graph(Bytes& bytes) {
  const std::size_t count = bytes.below(300) + 1;
  std::string text = "{";
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) text += ',';
    text += cat({"\"", number(i), "\":{\"class_type\":\""});
    text += bytes.is_empty() ? "SaveImage" : class_name(bytes);
    text += "\",\"inputs\":{";
    const std::size_t inputs = bytes.next() % 10;
    for (std::size_t j = 0; j < inputs; ++j) {
      if (j != 0) text += ',';
      text += cat({"\"", input_name(bytes), "\":"});
      if (bytes.next() < 150)
        text += cat({"[\"", number(bytes.below(count + 2)), "\",",
                     number(bytes.next() % 3), "]"});
      else
        text += literal(bytes);
    }
    text += "}}";
  }
  return text + '}';
}

std::string workflow_nodes(Bytes& bytes, std::size_t count,
                           std::string& links) {
  std::string nodes;
  links.clear();
  std::size_t link = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) nodes += ',';
    static constexpr std::string_view kSpecial[] = {
        "Reroute", "PrimitiveNode", "GetNode", "SetNode", "sub", "workflow>g"};
    const std::string type = bytes.next() < 80
                                 ? std::string(kSpecial[bytes.next() % 6])
                                 : class_name(bytes);
    nodes += cat({"{\"id\":", number(i), ",\"type\":\"", type,
                  "\",\"mode\":", number(bytes.next() % 5),
                  ",\"widgets_values\":[", literal(bytes), ",", literal(bytes),
                  "],\"outputs\":[{\"type\":\"A\"},{\"type\":\"B\"}],"
                  "\"inputs\":["});
    const std::size_t inputs = bytes.next() % 5;
    for (std::size_t j = 0; j < inputs; ++j) {
      if (j != 0) nodes += ',';
      nodes += cat({"{\"name\":\"", input_name(bytes), "\",\"type\":\"",
                    bytes.next() % 2 ? "A" : "B", "\",\"link\":", number(link),
                    "}"});
      if (link != 0) links += ',';
      const std::size_t from = bytes.below(count + 2);
      links += cat({"[", number(link), ",",
                    from == count ? std::string("-10") : number(from), ",",
                    number(bytes.next() % 3), ",",
                    bytes.next() % 8 == 0 ? std::string("-20") : number(i), ",",
                    number(j), ",\"A\"]"});
      ++link;
    }
    nodes += "]}";
  }
  return nodes;
}

std::string workflow(Bytes& bytes) {
  std::string links;
  std::string text = "{\"nodes\":[";
  text += workflow_nodes(bytes, bytes.below(60) + 1, links);
  text += cat({"],\"links\":[", links, "],\"definitions\":{\"subgraphs\":["});
  text += "{\"id\":\"sub\",\"inputs\":[{\"name\":\"model\"}],\"nodes\":[";
  text += workflow_nodes(bytes, bytes.below(8) + 1, links);
  text +=
      cat({"],\"links\":[", links, "]}]},\"extra\":{\"groupNodes\":{\"g\":{"});
  text += "\"nodes\":[";
  text += workflow_nodes(bytes, bytes.below(4) + 1, links);
  return text + "],\"links\":[[0,0,1,0]],\"external\":[]}}}}";
}

void check(bool is_true) {
  if (!is_true) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  Bytes bytes(data, size);
  const std::uint8_t kind = bytes.next() % 4;
  sdmeta::RawField field;
  field.key = kind == 2 ? "workflow" : "prompt";
  if (kind == 2)
    field.value = workflow(bytes);
  else if (kind == 3)
    field.value.assign(reinterpret_cast<const char*>(data), size);
  else
    field.value = api_graph(bytes);

  sdmeta::ImageFields image;
  image.container = sdmeta::Container::kPng;
  image.fields.push_back(field);
  const std::clock_t start = std::clock();
  const sdmeta::Interpretation got = sdmeta::interpret(image, sdmeta::Limits{});
  // Sanitizers cost a factor of about ten over the promised 50 ms.
  check(std::clock() - start < CLOCKS_PER_SEC);
  if (got.generation) {
    check(got.generation->prompt.value_or("").size() <= (16u << 20));
    check(got.generation->loras.size() <= size * 8 + 16);
  }
  if (kind != 3) check(got.generation.has_value());
  return 0;
}
