#include "parsers/payload.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sdmeta {
namespace {

ImageFields image_with(std::string key, std::string value) {
  ImageFields image;
  image.fields.push_back(
      {Carrier::kPngText, Encoding::kUtf8, std::move(key), std::move(value)});
  return image;
}

// Draw Things keeps its prompt as `c`, a letter that stands in every graph.
TEST(Payload, GraphsAreNotParsedForALookAtTheirMembers) {
  const ImageFields image = image_with(
      "workflow",
      R"({"id": "a", "c2": {"c": 1}, "nodes": [{"type": "VAEDecode"}]})");
  const Limits limits;
  const Payloads payloads(image, limits);
  EXPECT_EQ(payloads.find_object_with("c"), nullptr);
  EXPECT_FALSE(payloads.all()[0].is_parsed());
}

TEST(Payload, FirstMembersOfWhatIsNamedLikeAGraphAreFound) {
  const Limits limits;
  for (const char* text : {R"({"a\"{": [{"x": 1}, "]"], "c": "a lighthouse"})",
                           R"({'a': {'c"': None}, 'c': 'a lighthouse'})",
                           R"("{\"c\": \"a lighthouse\"}")"}) {
    const ImageFields image = image_with("prompt", text);
    const Payloads payloads(image, limits);
    EXPECT_EQ(payloads.find_object_with("c"), &payloads.all()[0]) << text;
  }
}

// A program broke off, or the way did, and the text was written again.
TEST(Payload, CutCopiesYieldToTheWhole) {
  const std::string text = "a hill\nSteps: 20, Sampler: Euler a, Seed: 7";
  ImageFields image = image_with("parameters", text.substr(0, 30));
  const Limits limits;
  const auto add = [&image](std::string key, std::string value) {
    image.fields.push_back(
        {Carrier::kPngZtxt, Encoding::kUtf8, std::move(key), std::move(value)});
  };
  add("Title", "a");
  add("Title", "a hill");
  add("prompt", text);
  EXPECT_EQ(Payloads(image, limits).text_of("parameters"), text.substr(0, 30));
  add("parameters", text);
  const Payloads payloads(image, limits);
  EXPECT_EQ(payloads.text_of("parameters"), text);
  EXPECT_EQ(payloads.text_of("Title"), "a");
  EXPECT_EQ(payloads.all().size(), 4u);
  add("parameters", text.substr(0, 30));
  EXPECT_EQ(Payloads(image, limits).all().size(), 5u);
}

TEST(Payload, MembersOfOtherObjectsAreFoundWhereverTheyStand) {
  const ImageFields image =
      image_with("parameters", R"({"a": ")" + std::string(1000, 'x') +
                                   R"(", "c": "a lighthouse"})");
  const Limits limits;
  const Payloads payloads(image, limits);
  EXPECT_NE(payloads.find_object_with("c"), nullptr);
}

TEST(Payload, EscapesOfAWebPageAreResolvedWhereTheyAreAProgramsForSure) {
  const auto text_of = [](std::string text) {
    const ImageFields image = image_with("parameters", std::move(text));
    const Limits limits;
    return std::string(Payloads(image, limits).all()[0].text());
  };
  EXPECT_EQ(text_of("{&quot;prompt&quot;: &quot;a&#x27;b &lt;c&gt;&quot;}"),
            "{\"prompt\": \"a'b <c>\"}");
  EXPECT_EQ(text_of("a &lt;lora:ink:1&gt; &amp; b&#10;c &eacute; &; &#x1F600;"),
            "a <lora:ink:1> & b\nc &eacute; &; &#x1F600;");
  EXPECT_EQ(text_of("{\n  &#34;prompt&#34;: &#34;a&#34;}"),
            "{\n  \"prompt\": \"a\"}");
  EXPECT_EQ(text_of("[red|blue] &lt;lora:ink:1&gt;"),
            "[red|blue] <lora:ink:1>");
  for (const char* text :
       {"cats &amp; dogs", "a &lt;b&gt; c", "&quot;a&quot;",
        R"({"prompt": "a &lt;lora:ink:1&gt;"})",
        "<lora:ink:1> a text that says &lt;lora:x:1&gt;", "{red &amp; blue}"})
    EXPECT_EQ(text_of(text), text);
}

}  // namespace
}  // namespace sdmeta
