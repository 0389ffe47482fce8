// Whatever libpng reads from a PNG, sound or damaged, the extractor reads too;
// and where libpng has nothing to complain of, the extractor reads the same.
#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "extractor/text_decode.h"
#include "tests/support/image_builder.h"
#include "tests/support/mutation.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;
using test::PngBuilder;

struct KeyedText {
  std::string key;
  std::string value;
  std::string bytes = {};  // of the value, before it was decoded
};

struct Cursor {
  std::string_view rest;
};

void read_bytes(png_structp png, png_bytep out, std::size_t count) {
  auto* cursor = static_cast<Cursor*>(png_get_io_ptr(png));
  if (count > cursor->rest.size()) png_error(png, "end of file");
  std::memcpy(out, cursor->rest.data(), count);
  cursor->rest.remove_prefix(count);
}

// libpng takes and clears as much memory as a chunk declares, up to 2 GiB,
// before it looks for its bytes. No file here holds that much.
png_voidp allocate(png_structp, png_alloc_size_t bytes) {
  return bytes > (1u << 20) ? nullptr : std::malloc(bytes);
}
void release(png_structp, png_voidp memory) { std::free(memory); }

void see_warning(png_structp png, png_const_charp) {
  *static_cast<bool*>(png_get_error_ptr(png)) = true;
}
void jump_out(png_structp png, png_const_charp) {
  *static_cast<bool*>(png_get_error_ptr(png)) = true;
  png_longjmp(png, 1);
}

// Nothing with a destructor lives between setjmp and a jump to it.
void read_all(png_structp png, png_infop info, png_infop end) {
  if (setjmp(png_jmpbuf(png)) != 0) return;
  png_read_info(png, info);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  const png_uint_32 height = png_get_image_height(png, info);
  for (int pass = 0; pass < passes; ++pass) {
    for (png_uint_32 y = 0; y < height; ++y)
      png_read_row(png, nullptr, nullptr);
  }
  png_read_end(png, end);
}

// Text ends at a NUL for libpng.
std::string shown(std::string_view bytes) {
  const std::string text = decode_text(as_bytes(bytes)).value;
  return text.substr(0, text.find('\0'));
}

void add_texts(png_structp png, png_infop info, std::vector<KeyedText>& out) {
  png_textp texts = nullptr;
  int count = 0;
  png_get_text(png, info, &texts, &count);
  for (int i = 0; i < count; ++i) {
    const std::string text = texts[i].text == nullptr ? "" : texts[i].text;
    out.push_back({shown(texts[i].key), shown(text), text});
  }
}

struct LibpngRead {
  std::vector<KeyedText> texts;
  bool has_complained = false;
  std::size_t bytes_left = 0;  // behind IEND
};

LibpngRead read_with_libpng(std::string_view file, bool uses_bad_crcs) {
  LibpngRead read;
  Cursor cursor{file};
  png_structp png = png_create_read_struct_2(
      PNG_LIBPNG_VER_STRING, &read.has_complained, jump_out, see_warning,
      nullptr, allocate, release);
  png_infop info = png_create_info_struct(png);
  png_infop end = png_create_info_struct(png);
  png_set_read_fn(png, &cursor, read_bytes);
  if (uses_bad_crcs)
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
  png_set_user_limits(png, 1000, 1000);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, 0);
  read_all(png, info, end);
  add_texts(png, info, read.texts);
  add_texts(png, end, read.texts);
  read.bytes_left = cursor.rest.size();
  png_destroy_read_struct(&png, &info, &end);
  return read;
}

bool is_handed_on(const std::string& key) {
  return key == "XML:com.adobe.xmp" || key.starts_with("Raw profile type ");
}

bool is_text(const RawField& field) {
  return field.carrier == Carrier::kPngText ||
         field.carrier == Carrier::kPngZtxt ||
         field.carrier == Carrier::kPngItxt;
}

KeyedText shown_by_libpng(const RawField& field) {
  return {field.key.substr(0, field.key.find('\0')),
          field.value.substr(0, field.value.find('\0'))};
}

bool is_same(const KeyedText& ours, const KeyedText& theirs) {
  if (ours.key == theirs.key.substr(0, 256) && ours.value == theirs.value)
    return true;
  // Without a NUL all is keyword for libpng, the known ones not for us.
  return theirs.value.empty() && ours.key + ours.value == theirs.key;
}

// A chunk whose CRC and length are wrong is measured by the next one, and
// libpng's text is then a part of ours, or ours of theirs.
bool is_fitted(const KeyedText& ours, const KeyedText& theirs) {
  const std::string a = ours.key + ours.value;
  const std::string b = theirs.key + theirs.value;
  if (a.starts_with(b) || b.starts_with(a)) return true;
  // Bytes of the next chunk make libpng's text no UTF-8.
  for (std::size_t size = 0; size < theirs.bytes.size(); ++size) {
    if (ours.value == shown(theirs.bytes.substr(0, size))) return true;
  }
  return false;
}

// What libpng read and the extractor did not, for a message; empty if nothing.
std::string missing(const std::string& file, std::size_t& compared) {
  const ImageFields image = test::extract(file);
  std::vector<KeyedText> ours;
  for (const RawField& field : image.fields)
    if (is_text(field)) ours.push_back(shown_by_libpng(field));
  const std::string notes =
      test::notes_of(image) + (image.damage ? image.damage->detail : "");
  const bool has_fitted = notes.find("the next one is at") != notes.npos;

  for (const bool uses_bad_crcs : {false, true}) {
    const LibpngRead libpng = read_with_libpng(file, uses_bad_crcs);
    std::size_t handed_on = 0;
    for (const KeyedText& text : libpng.texts) {
      handed_on += is_handed_on(text.key);
      if (is_handed_on(text.key)) continue;
      ++compared;
      const bool is_there =
          std::any_of(ours.begin(), ours.end(), [&](const KeyedText& our) {
            return is_same(our, text) ||
                   (uses_bad_crcs && has_fitted && is_fitted(our, text));
          });
      if (!is_there) return text.key + ": " + text.value;
    }
    const bool is_sound = !libpng.has_complained && libpng.bytes_left == 0;
    if (is_sound && !uses_bad_crcs &&
        ours.size() != libpng.texts.size() - handed_on)
      return "more than libpng in a sound file: " +
             testing::PrintToString(ours.size());
  }
  return "";
}

std::vector<std::string> images() {
  const std::string block =
      test::exif_with_comment(ByteOrder::kBig, "ASCII\0\0\0a cat"s);
  return {
      PngBuilder().text("parameters", "a cat\nSteps: 20").build(),
      PngBuilder().ztxt("parameters", std::string(300, 'x')).build(),
      PngBuilder()
          .itxt("parameters", "猫")
          .compressed_itxt("Comment", "犬")
          .build(),
      PngBuilder().idat().text("prompt", "{}").text("workflow", "{}").build(),
      PngBuilder(40, 40)
          .text("Title", "caf\xE9")
          .exif(block)
          .idat(16)
          .ztxt("Comment", "behind the pixels")
          .build(),
      PngBuilder()
          .text("Software", "")
          .chunk("tEXt", "no text")
          .chunk("gAMA", test::be32(45455))
          .text("parameters", "one\0two"s)
          .text("parameters", "again")
          .build(),
      PngBuilder()
          .text("Description", "bad checksum")
          .break_crc()
          .chunk("prIv", "private")
          .text("Source", "behind a private chunk")
          .build(),
  };
}

TEST(PngDifferential, SoundImagesAndMutants) {
  test::expect_nothing_missing(images(), missing, 20240601, 14000);
}

}  // namespace
}  // namespace sdmeta
