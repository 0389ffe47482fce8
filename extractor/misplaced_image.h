// Images that do not begin where their file does: behind the headers of a
// transfer or other junk, or without the first bytes of their signature.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "extractor/byte_cursor.h"
#include "extractor/byte_source.h"

namespace sdmeta {

struct MisplacedImage {
  std::uint64_t offset = 0;  // where the image, or what is left of it, begins
  std::string_view missing;  // what belongs in front of it
};

/// Bytes of a file that are worth searching.
constexpr std::size_t kMisplacedBytes = 128u << 10;

/// Looks for the first image or film that begins at `from` or behind in the
/// first bytes of a file that begins as nothing known does.
std::optional<MisplacedImage> find_misplaced_image(
    Bytes head, std::size_t from = 0) noexcept;

/// `source` as it would be with the image in its place. Offsets count from
/// there. `source` must outlive this.
class ReplacedSource final : public ByteSource {
 public:
  ReplacedSource(ByteSource& source, const MisplacedImage& image) noexcept
      : source_(source), image_(image) {}
  std::uint64_t size() const noexcept override {
    return image_.missing.size() + source_.size() - image_.offset;
  }
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override;

 private:
  ByteSource& source_;
  MisplacedImage image_;
};

}  // namespace sdmeta
