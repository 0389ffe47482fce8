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
  remove_url_secrets(generation);
  EXPECT_TRUE(generation == with("https://x/y"));
}

TEST(Redact, ManyUrlsAreLinear) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "http?";
  EXPECT_EQ(redacted(text), "(unchanged)");
}

}  // namespace
}  // namespace sdmeta
