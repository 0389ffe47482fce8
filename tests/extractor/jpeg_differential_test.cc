// Whatever markers libjpeg saves from a JPEG, sound or damaged, the extractor
// reads too; and where libjpeg has nothing to complain of, the extractor reads
// the same.
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
  bool has_complained;
};

void jump_out(j_common_ptr jpeg) {
  auto* errors = reinterpret_cast<Errors*>(jpeg->err);
  errors->has_complained = true;
  std::longjmp(errors->out, 1);
}

void see_message(j_common_ptr jpeg, int level) {
  auto* errors = reinterpret_cast<Errors*>(jpeg->err);
  if (level < 0) errors->has_complained = true;
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
  for (int app = 0; app < 16; ++app)
    jpeg_save_markers(jpeg, JPEG_APP0 + app, 0xFFFF);
  jpeg_read_header(jpeg, TRUE);
}

struct Marker {
  int code;
  std::string payload;
};

struct LibjpegRead {
  std::vector<Marker> markers;
  bool has_complained = false;
};

LibjpegRead read_with_libjpeg(std::string_view file) {
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
  return {markers, errors.has_complained};
}

// The fields that stand in one marker, whose boundaries libjpeg found.
std::vector<RawField> fields_in(const Marker& marker) {
  ImageFields image;
  const Limits limits;
  FieldCollector out(image, limits);
  const std::string& bytes = marker.payload;
  constexpr std::string_view kXmp("http://ns.adobe.com/xap/1.0/\0", 29);
  // A payload is told by what it begins with, whatever its marker.
  if (bytes.starts_with("Exif\0"s)) {
    read_exif(as_bytes(bytes), 0, out);
  } else if (bytes.starts_with(kXmp)) {
    read_xmp(clipped(as_bytes(bytes), kXmp.size()), 0, out);
  } else if (marker.code == JPEG_COM) {
    const std::size_t nul = bytes.find('\0');
    const Text keyed = decode_text_or_utf16(clipped(as_bytes(bytes), nul + 1));
    const bool has_key =
        nul != bytes.npos && nul > 1 && nul < 80 && !keyed.value.empty() &&
        std::all_of(bytes.begin(), bytes.begin() + static_cast<int>(nul),
                    [](char c) { return c >= 32 && c < 127; });
    if (has_key) {
      out.add(Carrier::kJpegComment, bytes.substr(0, nul), keyed);
    } else if (Text text = decode_guessed(as_bytes(bytes));
               !text.value.empty()) {
      out.add(Carrier::kJpegComment, "Comment", text);
    }
  } else if (marker.code == JPEG_APP0 + 1 &&
             find_tiff_header(as_bytes(bytes)) != SIZE_MAX) {
    read_exif(as_bytes(bytes), 0, out);  // its name is damaged
  }
  return image.fields;
}

// A segment whose length is wrong is measured by the next one, or by one that
// stands in it; libjpeg's text is then a part of ours, or ours of theirs.
bool is_fitted(const std::vector<RawField>& ours, const RawField& theirs,
               const Marker& marker) {
  const std::string& payload = marker.payload;
  if (marker.code == JPEG_COM && payload.find('\xFF') != payload.npos)
    return true;
  // Bytes of the next segment may make it look like another encoding.
  const auto is_beginning = [&payload](const std::string& value) {
    for (std::size_t size = 0; size < payload.size(); ++size)
      if (decode_guessed(as_bytes(payload).first(size)).value == value)
        return true;
    return false;
  };
  // Its end may stand inside a character.
  const std::string cut =
      decode_guessed(as_bytes(payload), TextEnd::kCut).value;
  return std::any_of(ours.begin(), ours.end(), [&](const RawField& our) {
    return our.key == theirs.key &&
           (our.value.starts_with(theirs.value) || our.value.starts_with(cut) ||
            theirs.value.starts_with(our.value) || is_beginning(our.value));
  });
}

// What libjpeg read and the extractor did not, for a message; empty if nothing.
std::string missing(const std::string& file, std::size_t& compared) {
  const ImageFields image = test::extract(file);
  const bool has_fitted =
      test::notes_of(image).find("the next one is at") != std::string::npos;
  const LibjpegRead libjpeg = read_with_libjpeg(file);
  std::size_t theirs = 0;
  for (const Marker& marker : libjpeg.markers) {
    for (const RawField& field : fields_in(marker)) {
      ++compared;
      ++theirs;
      // What stands behind a wrong length need not be text.
      const bool is_text = is_printable(field.value) &&
                           field.key.find_first_of("'\" ") == std::string::npos;
      if (libjpeg.has_complained && !is_text) continue;
      const std::vector<RawField>& ours = image.fields;
      const bool is_there =
          std::find(ours.begin(), ours.end(), field) != ours.end() ||
          (has_fitted && is_fitted(ours, field, marker));
      if (!is_there) return field.key + ": " + field.value;
    }
  }
  if (!libjpeg.has_complained && image.fields.size() != theirs)
    return "more than libjpeg in a sound file: " +
           std::to_string(image.fields.size());
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

TEST(JpegDifferential, SoundImagesAndMutants) {
  test::expect_nothing_missing(images(), missing, 20240602, 14000);
}

}  // namespace
}  // namespace sdmeta
