// The pixels of a PNG row by row, as the file stores them: libpng with every
// conversion off. Memory is two rows, never the image. Interlaced files come as
// the rows of their seven passes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "extractor/byte_source.h"
#include "extractor/error.h"

namespace sdmeta {

struct PngHeader {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint8_t bits_per_channel = 0;  // 1, 2, 4, 8 or 16
  bool is_rgb = false;                // neither grey nor palette
  bool has_alpha = false;             // an alpha channel, not tRNS
};

/// Pixels x, x + x_step, x + 2 * x_step, ... of line y.
struct PixelRow {
  std::uint32_t y = 0;
  std::uint32_t x = 0;
  std::uint32_t x_step = 1;
  /// Packed pixels; a view that the next call overwrites.
  std::span<const std::uint8_t> pixels;
};

/// Whether pixels whose checksums are wrong are an error.
enum class PngChecksums : std::uint8_t { kVerified, kIgnored };

class PngRows {
 public:
  /// `source` must outlive the reader.
  explicit PngRows(ByteSource& source,
                   PngChecksums checksums = PngChecksums::kVerified);
  ~PngRows();
  PngRows(const PngRows&) = delete;
  PngRows& operator=(const PngRows&) = delete;

  /// Reads up to the image data. Nothing if that fails; then `error` is set.
  /// libpng refuses sides of more than 1 000 000 pixels.
  std::optional<PngHeader> open();
  /// The next row; nothing after the last and after an error.
  std::optional<PixelRow> next();
  /// Reads what follows the last row, checksum and IEND included. False if that
  /// fails; then `error` is set.
  bool finish();

  /// kTruncated when the file ends too early, kUnreadable when reading it
  /// failed, else kCorrupt with libpng's reason.
  const std::optional<Error>& error() const noexcept { return error_; }

 private:
  struct State;
  std::nullopt_t fail();

  std::unique_ptr<State> state_;
  std::optional<Error> error_;
};

}  // namespace sdmeta
