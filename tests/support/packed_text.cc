#include "tests/support/packed_text.h"

#include <zlib.h>
#include <zstd.h>

namespace sdmeta::test {
namespace {

/// `window_bits` chooses the format: see zlib.h, deflateInit2.
std::string packed(std::string_view text, int window_bits) {
  z_stream stream{};
  ::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8,
                 Z_DEFAULT_STRATEGY);
  std::string out(::deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

}  // namespace

std::string deflated(std::string_view text) { return packed(text, -MAX_WBITS); }

std::string zlib_compressed(std::string_view text) {
  return packed(text, MAX_WBITS);
}

std::string gzip(std::string_view text) {
  constexpr int kGzip = 16;
  return packed(text, MAX_WBITS + kGzip);
}

std::string zstd(std::string_view text) {
  std::string out(::ZSTD_compressBound(text.size()), '\0');
  out.resize(
      ::ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

}  // namespace sdmeta::test
