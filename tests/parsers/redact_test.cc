#include "parsers/redact.h"

#include <gtest/gtest.h>

namespace sdmeta {
namespace {

std::string redacted(std::string_view text) {
  return without_url_secrets(text).value_or("(unchanged)");
}

TEST(Redact, SignedUrlLosesItsQuery) {
  EXPECT_EQ(redacted("see https://x.example/a.png?sig=abc&exp=1 there"),
            "see https://x.example/a.png there");
}

TEST(Redact, OrdinaryQueriesStay) {
  EXPECT_EQ(redacted("https://x.example/models/12?modelVersionId=34"),
            "(unchanged)");
}

TEST(Redact, TextWithoutUrlsIsUnchanged) {
  EXPECT_EQ(redacted("a cat? sig=1 & token=2"), "(unchanged)");
  EXPECT_EQ(redacted(""), "(unchanged)");
}

TEST(Redact, EveryUrlOfATextIsLookedAt) {
  EXPECT_EQ(redacted("http://a/1?token=x http://c/3?sig=y!"),
            "http://a/1 http://c/3");
  EXPECT_EQ(redacted("http://b/2?w=3 http://c/3?sig=y"),
            "http://b/2?w=3 http://c/3");
}

TEST(Redact, UrlsInsideJsonEndAtTheQuote) {
  EXPECT_EQ(redacted(R"({"image":"https://x/y.jpg?a=1&sig=2","b":3})"),
            R"({"image":"https://x/y.jpg","b":3})");
}

TEST(Redact, JsonEscapesBelongToTheUrl) {
  EXPECT_EQ(redacted(R"({"i":"https:\/\/x\/y?a=1\u0026sig=2","b":3})"),
            R"({"i":"https:\/\/x\/y","b":3})");
  EXPECT_EQ(redacted(R"("{\"i\":\"https:\\/\\/x?a=1\\u0026Sig=2\",\"b\":3}")"),
            R"("{\"i\":\"https:\\/\\/x\",\"b\":3}")");
}

TEST(Redact, NamesOfTheLargeStoresAreKnown) {
  for (const char* query :
       {"X-Amz-Signature=1", "X-Amz-Date=2&X-Amz-Expires=3", "Signature=1",
        "se=2030&sp=r&sig=x", "x-goog-signature=1", "auth_key=1-2-3",
        "Expires=1&Key-Pair-Id=2", "a=b&amp;token=c"})
    EXPECT_EQ(redacted("https://x/y?" + std::string(query)), "https://x/y")
        << query;
}

TEST(Redact, EveryNameOfASecretIsKnown) {
  for (const char* name : {"sig",
                           "signature",
                           "sign",
                           "token",
                           "access_token",
                           "auth",
                           "auth_key",
                           "Authorization",
                           "api_key",
                           "apikey",
                           "key",
                           "secret",
                           "password",
                           "Policy",
                           "Key-Pair-Id",
                           "AWSAccessKeyId",
                           "hmac",
                           "verify",
                           "jwt",
                           "credential",
                           "X-Amz-Credential",
                           "x-goog-date",
                           "x-oss-process"})
    EXPECT_EQ(redacted("https://x/y?a=1&" + std::string(name) + "=2"),
              "https://x/y")
        << name;
}

TEST(Redact, NamesOfSecretsAreSpelledInManyWays) {
  for (const char* name :
       {"apiKey", "api-key", "accessToken", "auth_token", "client_secret",
        "OSSAccessKeyId", "x-tos-signature", "q-signature",
        "X-Cos-Security-Token", "hdnts", "hm"})
    EXPECT_EQ(redacted("https://x/y?a=1&" + std::string(name) + "=2"),
              "https://x/y")
        << name;
  for (const char* name :
       {"tokenizer", "max_tokens", "design", "monkey", "size"})
    EXPECT_EQ(redacted("https://x/y?a=1&" + std::string(name) + "=2"),
              "(unchanged)")
        << name;
}

TEST(Redact, BracketsAndApostrophesMayBeInTheUrl) {
  for (const char* url :
       {"https://x/y?a[0]=1&sig=2", "https://x/y?a[]=1&sig=2",
        "https://x/y?n=b(1).png&sig=2", "https://x/y?n=it's&sig=2",
        "https://x/y?n={b}&sig=2", "https://x/y?a=b;sig=2"})
    EXPECT_EQ(redacted("see " + std::string(url) + " there"),
              "see https://x/y there")
        << url;
  EXPECT_EQ(redacted("https://x/it's(1).png?sig=2"), "https://x/it's(1).png");
  EXPECT_EQ(redacted("([x](https://x/y?sig=2), ['http://z?sig=3','b'])"),
            "([x](https://x/y), ['http://z','b'])");
}

TEST(Redact, TheSchemeMayBeAnyOrNone) {
  EXPECT_EQ(redacted("HTTPS://x/y?sig=1 wss://x/y?token=2 //x/y?sig=3"),
            "HTTPS://x/y wss://x/y //x/y");
}

TEST(Redact, UrlsInsideUrlsMayBeEscaped) {
  EXPECT_EQ(redacted("https://x/y?u=https%3A%2F%2Fz%2Fw%3Fsig%3D1&w=64"),
            "https://x/y");
  EXPECT_EQ(
      redacted("https://x/y?u=https%253A%252F%252Fz%253Fa%3D1%2526sig%253D1"),
      "https://x/y");
  EXPECT_EQ(redacted("https://x/y?u=https://z/w?sig=1"), "https://x/y");
  EXPECT_EQ(redacted("u=https%3a%2f%2fz%2fw%3fsig%3d1 b"),
            "u=https%3a%2f%2fz%2fw b");
  EXPECT_EQ(redacted("50% a//b%20? c=100%"), "(unchanged)");
}

TEST(Redact, EscapesThatNoUrlNeedsBelongToItToo) {
  EXPECT_EQ(redacted(R"("https://x?a[]\u003d1\u0026sig\u003d2")"),
            R"("https://x")");
  EXPECT_EQ(redacted(R"({"i":"https://x?sig=a\u002Bb\\u002Bc","b":3})"),
            R"({"i":"https://x","b":3})");
}

TEST(Redact, ASecretsNameAsAValueIsNone) {
  EXPECT_EQ(redacted("https://x/y?sort=token"), "(unchanged)");
}

TEST(Redact, EveryStringOfAGenerationIsCleaned) {
  const auto with = [](const std::string& url) {
    Generation generation;
    generation.software_version = url;
    generation.prompt = generation.negative_prompt = url;
    generation.sampler = generation.scheduler = url;
    generation.sampler_normalized = generation.scheduler_normalized = url;
    generation.seed = url;
    generation.model = generation.model_hash = generation.vae = url;
    generation.hires.upscaler = url;
    generation.loras.push_back({url, {}, {}, url, {}});
    generation.embeddings.push_back({url, url});
    generation.prompts.push_back({"character", url, url});
    generation.controlnets.push_back({url, url, {}, {}, {}});
    generation.upscalers.push_back({url, {}});
    generation.civitai_resources.push_back({url, {}, {}, url, url, url});
    generation.extra.push_back({url, url});
    return generation;
  };
  Generation generation = with("https://x/y?sig=1");
  remove_secrets(generation);
  EXPECT_TRUE(generation == with("https://x/y"));
}

// What `redact` makes of a text; "(unchanged)" as above.
std::string without_names(std::string text) {
  const std::string before = text;
  redact(text);
  return text == before ? "(unchanged)" : text;
}

constexpr std::string_view kKey = "4f1c9a77b20e4d1f8c55";

TEST(Redact, MembersNamedAsSecretsLoseTheirValue) {
  for (const char* name :
       {"api_key", "apiKey", "API-Key", "x-api-key", "openai_api_key", "token",
        "hf_token", "civitai_token", "access_token", "secret", "client_secret",
        "Authorization", "bearer", "password", "discord_webhook_url"}) {
    const std::string member = "{\"" + std::string(name) + "\": \"";
    EXPECT_EQ(without_names(member + std::string(kKey) + "\", \"n\":1}"),
              member + "\", \"n\":1}")
        << name;
  }
}

TEST(Redact, HeadersInStringsOfStringsAreMembers) {
  EXPECT_EQ(
      without_names(R"({"headers":"{\"Authorization\": \"Bearer 4f1c9a77b20e4d)"
                    R"(1f8c55\",\"a\":1}"})"),
      R"({"headers":"{\"Authorization\": \"\",\"a\":1}"})");
  EXPECT_EQ(without_names(R"("{\\\"password\\\":\\\"a\\\\\\\"b\\\"}")"),
            R"("{\\\"password\\\":\\\"\\\"}")");
}

TEST(Redact, BlanksMayStandInFrontOfTheColon) {
  EXPECT_EQ(without_names(R"({"api_key" : "4f1c9a7", "n" : 1})"),
            R"({"api_key" : "", "n" : 1})");
  EXPECT_EQ(without_names(R"("{\"api_key\" : \"4f1c9a7\"}")"),
            R"("{\"api_key\" : \"\"}")");
}

TEST(Redact, ASecretThatWasCutIsOneStill) {
  EXPECT_EQ(without_names(R"({"a": 1, "api_key": "4f1c9a7)"),
            R"({"a": 1, "api_key": ")");
}

TEST(Redact, WordsAndNumbersAreNoSecrets) {
  for (const char* text :
       {R"({"token": "a red cat on a mat"})", R"({"token": "ohwx woman"})",
        R"({"token": "sks"})", R"({"secret": "garden"})",
        R"({"negative_token": "verybadimagenegative_v1.3"})",
        R"({"max_tokens": 1234567890123456})",
        R"({"token_normalization": "none"})",
        R"({"tokens_per_second": "12345678901234567890"})",
        R"({"api_key": ["12", 0]})", R"({"api_key": ""})",
        R"({"api_key": "None"})", R"({"password": "a door that asks for it"})",
        "a sign that says api_key: 4f1c9a77b20e4d1f8c55",
        R"(a "token": of love)", R"("token":)", R"(":)"})
    EXPECT_EQ(without_names(text), "(unchanged)") << text;
}

TEST(Redact, WidgetsBesideTheMemberLoseTheValueToo) {
  std::vector<RawField> fields = {
      {Carrier::kPngText, Encoding::kUtf8, "workflow",
       R"({"nodes":[{"widgets_values":["4f1c9a77b20e4d1f8c55","a hill"]}]})"},
      {Carrier::kPngText, Encoding::kUtf8, "prompt",
       R"({"1":{"inputs":{"api_key":"4f1c9a77b20e4d1f8c55"}}})"},
      {Carrier::kPngText, Encoding::kUtf8, "hf_token", std::string(kKey)}};
  remove_secrets(fields);
  EXPECT_EQ(fields[0].value, R"({"nodes":[{"widgets_values":["","a hill"]}]})");
  EXPECT_EQ(fields[1].value, R"({"1":{"inputs":{"api_key":""}}})");
  EXPECT_EQ(fields[2].value, "");
}

TEST(Redact, ASettingNamedAsASecretIsCleared) {
  Generation generation;
  generation.extra = {{"api_key", std::string(kKey)}, {"token", "sks"}};
  remove_secrets(generation);
  EXPECT_EQ(generation.extra,
            (std::vector<KeyValue>{{"api_key", ""}, {"token", "sks"}}));
}

TEST(Redact, SecretsThatNeverEndAreLinear) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += R"("token":"\"api_key\": \")";
  redact(text);
  text.clear();
  for (int i = 0; i < 100'000; ++i) text += R"("api_key":"\\\\)";
  redact(text);
}

TEST(Redact, ManyUrlsAreLinear) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "http?";
  EXPECT_EQ(redacted(text), "(unchanged)");
}

// Quadratic time would be hours.
TEST(Redact, HostileTextIsLinear) {
  for (const std::string_view part :
       {"//?)", "//a?b=1)", R"(\)", R"(?//\)", "%25", "%3F//", "//?sig=1'"}) {
    std::string text;
    while (text.size() < 4'000'000) text += part;
    redacted(text);
  }
}

}  // namespace
}  // namespace sdmeta
