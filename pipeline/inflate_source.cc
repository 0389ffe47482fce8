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
                const InflateBounds& bounds) noexcept
      : packed_(std::move(packed)), size_(size), bounds_(bounds) {
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
    if (offset < start_) start_again();
    std::uint64_t at = offset;
    while (at < end) {
      if (inflated() <= at) {
        if (is_done_ || failure_) break;
        inflate_some(end);
        continue;
      }
      const std::size_t count = static_cast<std::size_t>(
          std::min<std::uint64_t>(end, inflated()) - at);
      std::memcpy(out.data() + (at - offset), bytes_.data() + (at - start_),
                  count);
      at += count;
    }
    if (at == offset && failure_) return *failure_;
    return static_cast<std::size_t>(at - offset);
  }

 private:
  std::uint64_t inflated() const noexcept { return start_ + bytes_.size(); }

  /// Back to the begin of the stream: what is wanted is no longer held.
  void start_again() noexcept {
    ::inflateReset(&stream_);
    stream_.avail_in = 0;
    packed_offset_ = 0;
    has_all_packed_ = false;
    is_done_ = false;
    failure_.reset();
    start_ = 0;
    bytes_.clear();
  }

  /// One step towards `end` bytes of output.
  void inflate_some(std::uint64_t end) noexcept {
    if (work_ >= bounds_.max_work_bytes) {
      failure_ =
          Error{ErrorCode::kMemberTooLarge,
                "only the first " + std::to_string(bounds_.max_work_bytes) +
                    " bytes of a packed member are unpacked"};
      return;
    }
    if (stream_.avail_in == 0 && !has_all_packed_) refill();
    if (failure_) return;
    const std::uint64_t step = std::clamp<std::uint64_t>(
        end - inflated(), inflated() == 0 ? kFirstStep : kStep, 16 * kStep);
    const std::size_t wanted = static_cast<std::size_t>(
        std::min({step, size_ - inflated(), (bounds_.max_held_bytes + 1) / 2,
                  bounds_.max_work_bytes - work_}));
    forget_to_hold(wanted);
    const std::size_t before = bytes_.size();
    bytes_.resize(before + wanted);
    stream_.next_out = bytes_.data() + before;
    stream_.avail_out = static_cast<uInt>(wanted);
    const int outcome = ::inflate(&stream_, Z_NO_FLUSH);
    bytes_.resize(bytes_.size() - stream_.avail_out);
    work_ += bytes_.size() - before;
    // zlib may hold output back when it has eaten all of its input.
    const bool is_stuck = has_all_packed_ && bytes_.size() == before;
    is_done_ = outcome == Z_STREAM_END || is_stuck || inflated() == size_;
    if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR)
      failure_ =
          Error{ErrorCode::kCorrupt, "deflate data is broken", inflated()};
  }

  /// Makes room for `more` bytes. What is left is the half that was read last,
  /// so that the moves cost no more than the inflation.
  void forget_to_hold(std::size_t more) noexcept {
    if (bytes_.size() + more <= bounds_.max_held_bytes) return;
    const std::size_t kept = std::min<std::size_t>(
        bytes_.size(),
        static_cast<std::size_t>(bounds_.max_held_bytes - more) / 2);
    start_ += bytes_.size() - kept;
    bytes_.erase(bytes_.begin(),
                 bytes_.end() - static_cast<std::ptrdiff_t>(kept));
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
  InflateBounds bounds_;
  std::uint64_t packed_offset_ = 0;
  z_stream stream_{};
  std::array<std::uint8_t, kPackedBlock> block_;
  std::uint64_t start_ = 0;          // of the bytes held
  std::vector<std::uint8_t> bytes_;  // inflated last
  std::uint64_t work_ = 0;           // bytes inflated in all
  bool has_all_packed_ = false;
  bool is_done_ = false;  // nothing more will come
  std::optional<Error> failure_;
};

}  // namespace

std::unique_ptr<ByteSource> make_inflate_source(
    std::unique_ptr<ByteSource> packed, std::uint64_t size,
    const InflateBounds& bounds) {
  return std::make_unique<InflateSource>(std::move(packed), size, bounds);
}

}  // namespace sdmeta
