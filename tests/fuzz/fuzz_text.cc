// Whatever the bytes, what is decoded is UTF-8.
#include "extractor/text_decode.h"
#include "tests/fuzz/fuzz_reader.h"

using namespace sdmeta;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const Bytes bytes(data, size);
  for (const TextEnd end : {TextEnd::kWhole, TextEnd::kCut}) {
    for (Text text :
         {decode_text(bytes, end), decode_guessed(bytes, end),
          decode_utf16(bytes), decode_utf16(bytes, ByteOrder::kLittle),
          decode_user_comment(bytes, ByteOrder::kBig, end),
          decode_user_comment(bytes, ByteOrder::kLittle, end),
          decode_markup(bytes, end)}) {
      if (text.encoding == Encoding::kBytes) continue;
      fuzz::require(fuzz::is_utf8(text.value));
      fuzz::require(!text.value.ends_with('\0'));
      cut_utf8(text.value, size / 2);
      fuzz::require(fuzz::is_utf8(text.value));
    }
  }
  return 0;
}
