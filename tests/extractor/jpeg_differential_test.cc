// Whatever markers libjpeg saves from a JPEG, sound or damaged, the extractor
// reads too.
#include <gtest/gtest.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
// jpeglib.h needs cstdio in front of it.
#include <jpeglib.h>
// And jerror.h needs jpeglib.h.
#include <jerror.h>

#include "extractor/exif.h"
#include "extractor/text_decode.h"
#include "extractor/xmp.h"
#include "tests/support/image_builder.h"
#include "tests/support/mutation.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;
using test::JpegBuilder;

struct Errors {
  jpeg_error_mgr manager;
  std::jmp_buf out;
  bool has_ended_early;
};

void jump_out(j_common_ptr jpeg) {
  std::longjmp(reinterpret_cast<Errors*>(jpeg->err)->out, 1);
}

void see_message(j_common_ptr jpeg, int) {
  auto* errors = reinterpret_cast<Errors*>(jpeg->err);
  if (jpeg->err->msg_code == JWRN_JPEG_EOF) errors->has_ended_early = true;
}

// Nothing with a destructor lives between setjmp and a jump to it.
void read_header(jpeg_decompress_struct* jpeg, Errors* errors,
                 std::string_view file) {
  if (setjmp(errors->out) != 0) return;
  jpeg_create_decompress(jpeg);
  jpeg_mem_src(jpeg, reinterpret_cast<const unsigned char*>(file.data()),
               static_cast<unsigned long>(file.size()));
  jpeg_save_markers(jpeg, JPEG_COM, 0xFFFF);
  jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(jpeg, TRUE);
}

struct Marker {
  int code;
  std::string payload;
};

std::vector<Marker> libjpeg_markers(std::string_view file) {
  Errors errors{};
  jpeg_decompress_struct jpeg{};
  jpeg.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = jump_out;
  errors.manager.emit_message = see_message;
  read_header(&jpeg, &errors, file);
  std::vector<Marker> markers;
  for (jpeg_saved_marker_ptr m = jpeg.marker_list; m != nullptr; m = m->next) {
    markers.push_back({m->marker, std::string(reinterpret_cast<char*>(m->data),
                                              m->data_length)});
  }
  // Past the end of the file libjpeg makes bytes up.
  if (errors.has_ended_early && !markers.empty()) markers.pop_back();
  jpeg_destroy_decompress(&jpeg);
  return markers;
}

// The fields that stand in one marker, whose boundaries libjpeg found.
std::vector<RawField> fields_in(const Marker& marker) {
  ImageFields image;
  const Limits limits;
  FieldCollector out(image, limits);
  const std::string& bytes = marker.payload;
  constexpr std::string_view kXmp("http://ns.adobe.com/xap/1.0/\0", 29);
  if (marker.code == JPEG_COM) {
    const std::size_t nul = bytes.find('\0');
    const Text keyed = decode_text(clipped(as_bytes(bytes), nul + 1));
    const bool has_key =
        nul != bytes.npos && nul > 0 && nul < 80 && !keyed.value.empty() &&
        std::all_of(bytes.begin(), bytes.begin() + static_cast<int>(nul),
                    [](char c) { return c >= 32 && c < 127; });
    if (has_key) {
      out.add(Carrier::kJpegComment, bytes.substr(0, nul), keyed);
    } else if (Text text = decode_guessed(as_bytes(bytes));
               !text.value.empty()) {
      out.add(Carrier::kJpegComment, "Comment", text);
    }
  } else if (bytes.starts_with("Exif\0"s)) {
    read_exif(as_bytes(bytes), 0, out);
  } else if (bytes.starts_with(kXmp)) {
    read_xmp(clipped(as_bytes(bytes), kXmp.size()), 0, out);
  }
  return image.fields;
}

std::string missing(const std::string& file, std::size_t& compared) {
  const ImageFields image = test::extract(file);
  for (const Marker& marker : libjpeg_markers(file)) {
    for (const RawField& field : fields_in(marker)) {
      ++compared;
      if (std::find(image.fields.begin(), image.fields.end(), field) ==
          image.fields.end()) {
        return field.key + ": " + field.value;
      }
    }
  }
  return "";
}

std::vector<std::string> images() {
  const std::string exif = test::exif_with_comment(
      ByteOrder::kBig, "UNICODE\0"s + test::utf16(u"a cat", ByteOrder::kBig));
  const std::string camera =
      test::TiffBuilder(ByteOrder::kLittle)
          .ifd0(0x010F, test::TiffType::kAscii, "prompt: {}\0"s)
          .ifd0(0x0131, test::TiffType::kAscii, "a tool")
          .build();
  return {
      JpegBuilder().jfif().exif(exif).comment("a cat").build(),
      JpegBuilder().jfif().exif(camera).exif(exif).build(),
      JpegBuilder().comment("parameters\0a dog"s).comment("caf\xE9").build(),
      JpegBuilder()
          .jfif()
          .raw("\xFF\xFF")
          .xmp(test::xmp_packet("xmp:CreatorTool='a tool'"))
          .segment(0xDB, "\0"s + std::string(64, '\1'))
          .raw("garbage")
          .comment("behind garbage")
          .build(),
      JpegBuilder().frame(0xC2).comment("").comment("progressive").build(),
  };
}

TEST(JpegDifferential, SoundImages) {
  for (const std::string& file : images()) {
    std::size_t compared = 0;
    EXPECT_EQ(missing(file, compared), "");
    EXPECT_GT(compared, 0u);
  }
}

TEST(JpegDifferential, Mutants) {
  constexpr int kMutants = 14000;
  const std::vector<std::string> originals = images();
  test::Mutator mutator(20240602);
  std::size_t compared = 0;
  for (int i = 0; i < kMutants; ++i) {
    const std::string file =
        mutator.mutate(originals[mutator.below(originals.size())], originals);
    ASSERT_EQ(missing(file, compared), "")
        << "mutant " << i << ": " << testing::PrintToString(file);
  }
  EXPECT_GT(compared, std::size_t{kMutants} / 2);
}

}  // namespace
}  // namespace sdmeta
