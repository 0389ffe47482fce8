#include "pipeline/compress.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr int kZstdLevel = 3;  // the tool's own default
constexpr int kGzipLevel = 6;
constexpr std::size_t kZlibStep = 1u << 30;
constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for a gzip header

// Contexts are a megabyte each and costly to make, so every thread keeps one.
ZSTD_CCtx* zstd_context() {
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context(
      ZSTD_createCCtx());
  if (!context) throw std::bad_alloc();
  return context.get();
}

std::string zstd_frame(std::string_view bytes) {
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_CCtx* context = zstd_context();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kZstdLevel);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  const std::size_t size = ZSTD_compress2(context, frame.data(), frame.size(),
                                          bytes.data(), bytes.size());
  // The bound is large enough, so memory is all that can be missing.
  if (ZSTD_isError(size)) throw std::bad_alloc();
  frame.resize(size);
  return frame;
}

std::string gzip_member(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kGzipWindow, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string member(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.next_out = reinterpret_cast<Bytef*>(member.data());
  // zlib counts in 32 bits; a batch with raw text may be longer.
  std::size_t left = bytes.size();
  std::size_t room = member.size();
  int result = Z_OK;
  while (result == Z_OK) {
    const auto given = static_cast<uInt>(std::min(left, kZlibStep));
    const auto offered = static_cast<uInt>(std::min(room, kZlibStep));
    stream.avail_in = given;
    stream.avail_out = offered;
    result = deflate(&stream, given == left ? Z_FINISH : Z_NO_FLUSH);
    left -= given - stream.avail_in;
    room -= offered - stream.avail_out;
  }
  member.resize(stream.total_out);
  deflateEnd(&stream);
  return member;
}

std::string member_of(std::string bytes, Compression compression) {
  switch (compression) {
    case Compression::kNone: break;
    case Compression::kGzip: return gzip_member(bytes);
    case Compression::kZstd: return zstd_frame(bytes);
  }
  return bytes;
}

}  // namespace

Compression compression_of(std::string_view path) {
  const std::string name = lower(path);
  if (name.ends_with(".gz")) return Compression::kGzip;
  if (name.ends_with(".zst")) return Compression::kZstd;
  return Compression::kNone;
}

std::string_view unwritten_compression(std::string_view path) {
  const std::string name = lower(path);
  for (const std::string_view suffix :
       {".xz", ".bz2", ".lz4", ".lzma", ".br", ".zstd", ".zip", ".7z"})
    if (name.ends_with(suffix)) return suffix;
  return {};
}

std::string compress(std::string bytes, Compression compression) {
  if (bytes.empty()) return bytes;
  return member_of(std::move(bytes), compression);
}

std::string empty_member(Compression compression) {
  return member_of({}, compression);
}

std::string_view magic_of(Compression compression) noexcept {
  switch (compression) {
    case Compression::kNone: break;
    case Compression::kGzip: return "\x1F\x8B";
    case Compression::kZstd: return "\x28\xB5\x2F\xFD";
  }
  return {};
}

}  // namespace sdmeta
