#include "pipeline/inflate_source.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace sdmeta {
namespace {

constexpr std::size_t kPackedBlock = 32 << 10;
constexpr std::size_t kFirstStep = 16 << 10;  // enough for most heads
constexpr std::size_t kStep = 256 << 10;

class InflateSource final : public ByteSource {
 public:
  InflateSource(std::unique_ptr<ByteSource> packed, std::uint64_t size,
                std::uint64_t limit) noexcept
      : packed_(std::move(packed)), size_(size), limit_(limit) {
    // Negative window bits: raw deflate, as in zip.
    if (::inflateInit2(&stream_, -MAX_WBITS) != Z_OK)
      failure_ = Error{ErrorCode::kUnreadable, "no memory to inflate"};
  }
  ~InflateSource() override { ::inflateEnd(&stream_); }
  InflateSource(const InflateSource&) = delete;
  InflateSource& operator=(const InflateSource&) = delete;

  std::uint64_t size() const noexcept override { return size_; }

  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override {
    if (offset >= size_ || out.empty()) return std::size_t{0};
    const std::uint64_t end =
        offset + std::min<std::uint64_t>(out.size(), size_ - offset);
    while (bytes_.size() < end && !is_done_ && !failure_) inflate_to(end);
    if (offset >= bytes_.size()) {
      if (failure_) return *failure_;
      return std::size_t{0};
    }
    const std::size_t count = static_cast<std::size_t>(
        std::min<std::uint64_t>(end, bytes_.size()) - offset);
    std::memcpy(out.data(), bytes_.data() + offset, count);
    return count;
  }

 private:
  /// One step towards `end` bytes of output.
  void inflate_to(std::uint64_t end) noexcept {
    if (bytes_.size() >= limit_) {
      failure_ = Error{ErrorCode::kMemberTooLarge,
                       "only the first " + std::to_string(limit_) +
                           " bytes of a packed member are unpacked"};
      return;
    }
    if (stream_.avail_in == 0 && !has_all_packed_) refill();
    if (failure_) return;
    const std::size_t before = bytes_.size();
    const std::uint64_t step = before == 0 ? kFirstStep : kStep;
    const std::uint64_t target = std::min(
        {size_, limit_,
         before + std::clamp<std::uint64_t>(end - before, step, 16 * kStep)});
    bytes_.resize(static_cast<std::size_t>(target));
    stream_.next_out = bytes_.data() + before;
    stream_.avail_out = static_cast<uInt>(target - before);
    const int outcome = ::inflate(&stream_, Z_NO_FLUSH);
    bytes_.resize(bytes_.size() - stream_.avail_out);
    // zlib may hold output back when it has eaten all of its input.
    const bool is_stuck = has_all_packed_ && bytes_.size() == before;
    is_done_ = outcome == Z_STREAM_END || is_stuck;
    if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR)
      failure_ =
          Error{ErrorCode::kCorrupt, "deflate data is broken", bytes_.size()};
  }

  void refill() noexcept {
    const Result<std::size_t> got = packed_->read_at(packed_offset_, block_);
    if (!got) {
      failure_ = got.error();
      return;
    }
    has_all_packed_ = *got == 0;
    packed_offset_ += *got;
    stream_.next_in = block_.data();
    stream_.avail_in = static_cast<uInt>(*got);
  }

  std::unique_ptr<ByteSource> packed_;
  std::uint64_t size_;
  std::uint64_t limit_;
  std::uint64_t packed_offset_ = 0;
  z_stream stream_{};
  std::array<std::uint8_t, kPackedBlock> block_;
  std::vector<std::uint8_t> bytes_;  // inflated so far
  bool has_all_packed_ = false;
  bool is_done_ = false;  // nothing more will come
  std::optional<Error> failure_;
};

}  // namespace

std::unique_ptr<ByteSource> make_inflate_source(
    std::unique_ptr<ByteSource> packed, std::uint64_t size,
    std::uint64_t limit) {
  return std::make_unique<InflateSource>(std::move(packed), size, limit);
}

}  // namespace sdmeta
