#include "extractor/provenance.h"

#include <gtest/gtest.h>

#include "tests/support/box_builder.h"
#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace test;
using namespace std::string_literals;

/// Boxes of a manifest store are BMFF boxes; the claim is CBOR.
std::string manifest(std::string_view claim) {
  return box("jumb", box("jumd",
                         "c2pa\x00\x11\x00\x10\x80\0\0\xAA\0\x38\x9B\x71"
                         "\x03"
                         "c2pa\0"s) +
                         box("cbor", claim));
}

const std::string kOpenAi = manifest(
    "\x74"
    "claim_generator_info\xA1\x64name\x67"
    "ChatGPT"
    "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    "OpenAI Media Service API");

std::string first_note(const ImageFields& image, ErrorCode code) {
  for (const Error& note : image.notes)
    if (note.code == code) return to_text(note);
  return "(none)";
}

TEST(C2pa, SignerIsNamedInEveryContainer) {
  const std::string uuid =
      "\xD8\xFE\xC3\xD6\x1B\x0E\x48\x3C\x92\x97\x58\x28\x87\x7E\xC4\x81";
  const std::string jpeg_part = "JP"s + be16(1) + be32(1) + kOpenAi;
  for (const std::string& file :
       {PngBuilder().chunk("caBX", kOpenAi).build(),
        JpegBuilder().segment(0xEB, jpeg_part).build(),
        WebpBuilder()
            .extended(8, 8, 0)
            .lossless(8, 8)
            .chunk("C2PA", kOpenAi)
            .build(),
        ftyp("avif") + box("uuid", uuid + be32(0) + "manifest\0"s +
                                       std::string(8, '\0') + kOpenAi),
        ftyp("isom") + box("uuid", uuid + be32(0) + "manifest\0"s +
                                       std::string(8, '\0') + kOpenAi),
        box("JXL ", "\r\n\x87\n") + ftyp("jxl ") + kOpenAi}) {
    const ImageFields image = extract(file);
    EXPECT_EQ(first_note(image, ErrorCode::kC2pa), "c2pa: OpenAI")
        << container_name(image.container);
    EXPECT_EQ(first_note(image, ErrorCode::kProvenance),
              "provenance: trainedAlgorithmicMedia");
    EXPECT_TRUE(image.fields.empty());
  }
}

TEST(C2pa, ManifestOverSeveralJpegSegmentsIsJoined) {
  const std::size_t half = kOpenAi.size() / 2;
  const std::string head = kOpenAi.substr(0, 8);  // repeated in each part
  const ImageFields image = extract(
      JpegBuilder()
          .segment(0xEB, "JP"s + be16(1) + be32(1) + kOpenAi.substr(0, half))
          .segment(0xEB,
                   "JP"s + be16(1) + be32(2) + head + kOpenAi.substr(half))
          .build());
  EXPECT_EQ(first_note(image, ErrorCode::kC2pa), "c2pa: OpenAI");
}

TEST(C2pa, UnknownSignerIsNamedByItsClaim) {
  const ImageFields image =
      extract(PngBuilder()
                  .chunk("caBX", manifest("\x74"
                                          "claim_generator_info\x81\xA1\x64name"
                                          "\x6A"
                                          "Lamp Maker"))
                  .build());
  EXPECT_EQ(first_note(image, ErrorCode::kC2pa), "c2pa: Lamp Maker");
}

TEST(C2pa, ClaimThatIsCutGivesNoGarbage) {
  const ImageFields image =
      extract(PngBuilder()
                  .chunk("caBX", manifest("\x74"
                                          "claim_generator_info\x81\xA1\x64name"
                                          "\x63\x01\x02\x03"))
                  .build());
  EXPECT_EQ(first_note(image, ErrorCode::kC2pa), "c2pa");
}

TEST(C2pa, JumbfOfAnotherKindIsNotNoted) {
  const ImageFields image = extract(
      PngBuilder().chunk("caBX", box("jumb", box("jumd", "json"))).build());
  EXPECT_TRUE(image.notes.empty()) << notes_of(image);
}

TEST(Marks, MidjourneyIsKnownByItsJob) {
  const std::string job = "2f1c9a34-0b1d-4c3e-9f00-aabbccddeeff";
  EXPECT_EQ(first_note(extract(PngBuilder()
                                   .text("Description",
                                         "a lamp --ar 2:3 Job ID: " + job)
                                   .build()),
                       ErrorCode::kMidjourney),
            "midjourney");
  EXPECT_EQ(
      first_note(
          extract(
              PngBuilder().text("Description", "my Job ID: unknown").build()),
          ErrorCode::kMidjourney),
      "(none)");
}

std::string xmp(std::string_view attributes) {
  return "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://"
         "www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description "
         "rdf:about=\"\" "
         "xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\" "
         "xmlns:photoshop=\"http://ns.adobe.com/photoshop/1.0/\" " +
         std::string(attributes) + "/></rdf:RDF></x:xmpmeta>";
}

TEST(Marks, DigitalSourceTypeOfXmpIsNoted) {
  const ImageFields image = extract(
      PngBuilder()
          .itxt("XML:com.adobe.xmp",
                xmp("Iptc4xmpExt:DigitalSourceType=\"http://cv.iptc.org/"
                    "newscodes/digitalsourcetype/"
                    "compositeWithTrainedAlgorithmicMedia\""))
          .build());
  EXPECT_EQ(first_note(image, ErrorCode::kProvenance),
            "provenance: compositeWithTrainedAlgorithmicMedia");
}

TEST(Marks, GooglesCreditLineIsNoted) {
  const ImageFields image =
      extract(PngBuilder()
                  .itxt("XML:com.adobe.xmp",
                        xmp("photoshop:Credit=\"Made with Google AI\""))
                  .build());
  EXPECT_EQ(first_note(image, ErrorCode::kProvenance),
            "provenance: Made with Google AI");
}

TEST(Marks, ChinasLabelOfGeneratedContentIsNoted) {
  const std::string label = R"({"Label":"1","ContentProducer":"x"})";
  EXPECT_EQ(first_note(extract(PngBuilder().text("AIGC", label).build()),
                       ErrorCode::kProvenance),
            "provenance: AIGC label");
  EXPECT_EQ(first_note(extract(PngBuilder()
                                   .itxt("XML:com.adobe.xmp",
                                         xmp("xmlns:TC260=\"http://www.tc260."
                                             "org.cn/ns/AIGC/1.0/\" "
                                             "TC260:AIGC='" +
                                             label + "'"))
                                   .build()),
                       ErrorCode::kProvenance),
            "provenance: AIGC label");
}

TEST(Marks, GrokSignsInExif) {
  const std::string block =
      TiffBuilder(ByteOrder::kLittle)
          .ifd0(0x010E, TiffType::kAscii, "Signature: abcd")
          .ifd0(0x013B, TiffType::kAscii,
                "2f1c9a34-0b1d-4c3e-9f00-aabbccddeeff")
          .build();
  EXPECT_EQ(first_note(extract(JpegBuilder().exif(block).build()),
                       ErrorCode::kProvenance),
            "provenance: Grok");
}

}  // namespace
}  // namespace sdmeta
