#include "pipeline/decompressor.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <new>
#include <string>

namespace sdmeta {
namespace {

Error broken(std::string_view what, const char* reason) {
  std::string detail = "the " + std::string(what) + " data is broken";
  if (reason != nullptr) detail.append(": ").append(reason);
  return Error{ErrorCode::kBadCompression, std::move(detail)};
}

uInt zlib_size(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, 1 << 30));
}

class Gunzip final : public Decompressor {
 public:
  Gunzip() {
    constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for gzip
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~Gunzip() override { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  Result<Step> step(std::string_view offered, std::span<char> out) override {
    const uInt given = zlib_size(offered.size());
    const uInt room = zlib_size(out.size());
    stream_.next_in =
        reinterpret_cast<Bytef*>(const_cast<char*>(offered.data()));
    stream_.avail_in = given;
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = room;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    const bool is_broken =
        status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR;
    // The text in front of a fault, such as a wrong checksum, comes first: zlib
    // gives the same answer the next time.
    if (is_broken && stream_.avail_out == room)
      return broken("gzip", stream_.msg);
    if (status == Z_STREAM_END) inflateReset(&stream_);
    return Step{given - stream_.avail_in, room - stream_.avail_out,
                status == Z_STREAM_END,
                is_broken || (status == Z_OK && stream_.avail_out == 0)};
  }

 private:
  z_stream stream_{};
};

class Unzstd final : public Decompressor {
 public:
  Unzstd() : stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
  }

  Result<Step> step(std::string_view offered, std::span<char> out) override {
    ZSTD_inBuffer from{offered.data(), offered.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t left = ZSTD_decompressStream(stream_.get(), &to, &from);
    if (ZSTD_isError(left)) return broken("zstd", ZSTD_getErrorName(left));
    return Step{from.pos, to.pos, left == 0, left != 0 && to.pos == to.size};
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> stream_;
};

}  // namespace

std::unique_ptr<Decompressor> Decompressor::make(Compression compression) {
  if (compression == Compression::kGzip) return std::make_unique<Gunzip>();
  return std::make_unique<Unzstd>();
}

Result<std::size_t> DecompressedText::read(std::span<char> out) {
  while (true) {
    if (packed_.empty()) {
      const Result<std::string_view> got = refill_();
      if (!got) return got.error();
      packed_ = *got;
    }
    // Text may be held back where `out` was full, so an ended input is offered
    // once more before it counts as cut.
    const bool is_ended = packed_.empty();
    if (is_ended && !is_inside_) return std::size_t{0};
    if (is_padded_ && has_ended_ && !is_inside_) {
      packed_.remove_prefix(
          std::min(packed_.find_first_not_of('\0'), packed_.size()));
      if (packed_.empty()) continue;
    }
    const auto step = decompressor_->step(packed_, out);
    if (!step) return step.error();
    packed_.remove_prefix(step->taken);
    is_inside_ = !step->is_at_end;
    has_ended_ |= step->is_at_end;
    if (step->written > 0) return step->written;
    if (is_ended && is_inside_)
      return Error{ErrorCode::kTruncated, "the compressed data ends too early"};
  }
}

}  // namespace sdmeta
