#include "extractor/stealth.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string_view>

#include "extractor/inflate.h"
#include "extractor/png_rows.h"
#include "extractor/webp_pixels.h"

namespace sdmeta {
namespace {

constexpr std::uint64_t kSignatureBits = 120;             // 15 characters
constexpr std::uint64_t kHeadBits = kSignatureBits + 32;  // and the length

struct Mode {
  Carrier carrier;
  std::uint32_t first_channel;
  std::uint32_t channels;  // bits of one pixel
  std::string_view plain;
  std::string_view packed;  // payload is a gzip stream
};
constexpr Mode kAlpha = {Carrier::kStealthAlpha, 3, 1, "stealth_pnginfo",
                         "stealth_pngcomp"};
constexpr Mode kRgb = {Carrier::kStealthRgb, 0, 3, "stealth_rgbinfo",
                       "stealth_rgbcomp"};

bool bit_of(std::string_view text, std::uint64_t index) {
  return (static_cast<std::uint8_t>(text[index / 8]) >> (7 - index % 8)) & 1;
}

struct Shape {
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  std::uint32_t channels = 4;  // bytes of one pixel
  bool has_alpha = false;
  bool has_exact_rgb = false;  // colours are stored losslessly
};

/// Leading columns that hold the first `bits` of the stream.
std::uint64_t columns_of(std::uint64_t bits, const Mode& mode,
                         const Shape& shape) {
  const std::uint64_t bits_of_column = shape.height * mode.channels;
  return (bits + bits_of_column - 1) / bits_of_column;
}

/// Calls `put(index, bit)` for each bit of `mode` in the first `columns` pixels
/// of a row. Files store rows and the stream runs down the columns, so bits
/// come out of order.
template <class Put>
void put_row(const PixelRow& row, const Mode& mode, const Shape& shape,
             std::uint64_t columns, Put&& put) {
  const std::uint8_t* pixel = row.pixels.data() + mode.first_channel;
  const std::uint64_t count = row.pixels.size() / shape.channels;
  for (std::uint64_t i = 0; i < count; ++i, pixel += shape.channels) {
    const std::uint64_t x = row.x + i * row.x_step;
    if (x >= columns) return;
    const std::uint64_t index = (x * shape.height + row.y) * mode.channels;
    for (std::uint32_t c = 0; c < mode.channels; ++c)
      put(index + c, (pixel[c] & 1) != 0);
  }
}

/// Compares the first bits with both signatures of a mode as they come, so that
/// an ordinary image is refused after a row or two.
class Probe {
 public:
  Probe(const Mode& mode, const Shape& shape)
      : mode_(mode),
        columns_(columns_of(kHeadBits, mode, shape)),
        may_be_plain_(columns_ <= shape.width),
        may_be_packed_(may_be_plain_) {}

  void add(const PixelRow& row, const Shape& shape) {
    put_row(row, mode_, shape, columns_, [this](std::uint64_t index, bool bit) {
      if (index >= kHeadBits) return;
      ++known_bits_;
      if (index < kSignatureBits) {
        may_be_plain_ &= bit == bit_of(mode_.plain, index);
        may_be_packed_ &= bit == bit_of(mode_.packed, index);
      } else if (bit) {
        length_ |= 1u << (kHeadBits - 1 - index);
      }
    });
  }

  const Mode& mode() const { return mode_; }
  bool is_possible() const { return may_be_plain_ || may_be_packed_; }
  bool is_found() const { return is_possible() && known_bits_ == kHeadBits; }
  bool is_packed() const { return may_be_packed_; }
  std::uint32_t length() const { return length_; }  // of the payload, in bits
  std::uint64_t columns() const { return columns_; }

 private:
  Mode mode_;
  std::uint64_t columns_;
  std::uint64_t known_bits_ = 0;
  std::uint32_t length_ = 0;
  bool may_be_plain_;
  bool may_be_packed_;
};

/// False: no more rows, please.
using Visit = std::function<bool(const PixelRow&)>;

/// The pixels of either container; rows may be visited more than once.
class Image {
 public:
  virtual ~Image() = default;
  /// Nothing when no signature can be in it.
  virtual std::optional<Shape> open() = 0;
  /// Shows rows in file order: all pixels of at least the first `columns`
  /// columns in the first `rows` lines, unless `visit` or damage ends it.
  virtual std::optional<Error> visit_rows(std::uint64_t columns,
                                          std::uint64_t rows,
                                          const Visit& visit) = 0;
};

class PngImage final : public Image {
 public:
  explicit PngImage(ByteSource& source) : source_(source) {}

  std::optional<Shape> open() override {
    // A text that can be read says more than a sum.
    rows_ = std::make_unique<PngRows>(source_, PngChecksums::kIgnored);
    const std::optional<PngHeader> header = rows_->open();
    if (!header || !header->is_rgb || header->bits_per_channel != 8)
      return std::nullopt;
    const std::uint32_t channels = header->has_alpha ? 4 : 3;
    return Shape{header->width, header->height, channels, header->has_alpha,
                 true};
  }

  std::optional<Error> visit_rows(std::uint64_t, std::uint64_t,
                                  const Visit& visit) override {
    if (!rows_ && !open()) return std::nullopt;
    const std::unique_ptr<PngRows> rows = std::move(rows_);
    while (const std::optional<PixelRow> row = rows->next())
      if (!visit(*row)) break;
    return rows->error();
  }

 private:
  ByteSource& source_;
  std::unique_ptr<PngRows> rows_;  // opened and not yet read
};

class WebpImage final : public Image {
 public:
  WebpImage(ByteSource& source, const Limits& limits)
      : source_(source), limits_(limits) {}

  std::optional<Shape> open() override {
    std::array<std::uint8_t, 4096> head;
    const Result<std::size_t> got = source_.read_at(0, head);
    if (!got) return std::nullopt;
    std::optional<WebpShape> shape = webp_shape(std::span(head).first(*got));
    if (!shape && load())
      shape = webp_shape(*file_);  // behind a colour profile
    if (!shape || shape->is_animated) return std::nullopt;
    if (!shape->has_alpha && !shape->is_lossless) return std::nullopt;
    pixels_ = std::uint64_t{shape->width} * shape->height;
    return Shape{shape->width, shape->height, 4, shape->has_alpha,
                 shape->is_lossless};
  }

  std::optional<Error> visit_rows(std::uint64_t columns, std::uint64_t rows,
                                  const Visit& visit) override {
    if (!load()) return file_.error();
    const std::uint32_t width = static_cast<std::uint32_t>(columns);
    const std::uint32_t height = static_cast<std::uint32_t>(rows);
    const Result<std::vector<std::uint8_t>> pixels =
        decode_webp(*file_, {0, 0, width, height});
    if (!pixels) return pixels.error();
    const std::size_t row_bytes = std::size_t{width} * 4;
    for (std::uint32_t y = 0; y < height; ++y) {
      const PixelRow row = {
          y, 0, 1, std::span(*pixels).subspan(y * row_bytes, row_bytes)};
      if (!visit(row)) break;
    }
    return std::nullopt;
  }

 private:
  bool load() {
    if (file_ && file_->empty())
      file_ = read_for_decoder(source_, pixels_, limits_);
    return file_.has_value();
  }

  ByteSource& source_;
  const Limits& limits_;
  std::uint64_t pixels_ = 0;
  Result<std::vector<std::uint8_t>> file_ = std::vector<std::uint8_t>{};
};

std::optional<Probe> find_signature(Image& image, const Shape& shape,
                                    std::vector<Error>& notes) {
  std::vector<Probe> probes;
  if (shape.has_alpha) probes.emplace_back(kAlpha, shape);
  if (shape.has_exact_rgb) probes.emplace_back(kRgb, shape);
  std::erase_if(probes,
                [](const Probe& probe) { return !probe.is_possible(); });
  if (probes.empty()) return std::nullopt;

  std::uint64_t columns = 0;
  for (const Probe& probe : probes)
    columns = std::max(columns, probe.columns());
  const std::uint64_t rows = std::min(shape.height, kHeadBits);
  std::optional<Probe> found;
  const std::optional<Error> failure =
      image.visit_rows(columns, rows, [&](const PixelRow& row) {
        bool goes_on = false;
        for (Probe& probe : probes) {
          if (!probe.is_possible()) continue;
          probe.add(row, shape);
          if (probe.is_found()) found = probe;
          goes_on |= probe.is_possible();
        }
        return goes_on && !found;
      });
  if (failure && (failure->code == ErrorCode::kFieldTooLarge ||
                  failure->code == ErrorCode::kMemberTooLarge))
    notes.push_back(*failure);
  return found;
}

/// Inflates a gzip or zlib stream as far as it goes.
std::string unpack(std::string_view packed, const Limits& limits,
                   std::vector<Error>& notes) {
  std::string text;
  switch (inflate_text(as_bytes(packed), limits.max_field_bytes, text)) {
    case InflateEnd::kComplete: break;
    case InflateEnd::kTooLarge:
      notes.push_back({ErrorCode::kFieldTooLarge,
                       "stealth data unpacks to more than " +
                           std::to_string(text.size()) + " bytes"});
      break;
    case InflateEnd::kInputEnded:
    case InflateEnd::kCorrupt:
      notes.push_back({ErrorCode::kBadCompression,
                       "stealth data: gzip stream breaks off after " +
                           std::to_string(text.size()) + " bytes"});
      break;
  }
  return text;
}

/// How many bytes of payload to take; what is wrong with the number the image
/// states goes to `notes`. Forward error correction behind the payload, which
/// NovelAI may append, is not looked at.
std::uint64_t payload_bytes(const Probe& probe, const Shape& shape,
                            const Limits& limits, std::vector<Error>& notes) {
  const std::uint64_t capacity =
      shape.width * shape.height * probe.mode().channels - kHeadBits;
  std::uint64_t bits = probe.length();
  if (bits > capacity) {
    notes.push_back({ErrorCode::kTruncated,
                     "stealth data declares " + std::to_string(bits) +
                         " bits, the image has room for " +
                         std::to_string(capacity)});
    bits = capacity;
  }
  if (bits / 8 > limits.max_field_bytes) {
    notes.push_back({ErrorCode::kFieldTooLarge,
                     "stealth data of " + std::to_string(bits / 8) + " bytes"});
    return limits.max_field_bytes;
  }
  return bits / 8;
}

}  // namespace

StealthResult read_stealth(ByteSource& source, Container container,
                           const Limits& limits) {
  StealthResult result;
  std::unique_ptr<Image> image;
  if (container == Container::kPng)
    image = std::make_unique<PngImage>(source);
  else if (container == Container::kWebp)
    image = std::make_unique<WebpImage>(source, limits);
  else
    return result;

  const std::optional<Shape> shape = image->open();
  if (!shape || shape->width == 0 || shape->height == 0) return result;
  const std::optional<Probe> probe =
      find_signature(*image, *shape, result.notes);
  if (!probe) return result;
  if (shape->width * shape->height > limits.max_pixels) {
    result.notes.push_back({ErrorCode::kFieldTooLarge,
                            "stealth data in an image of " +
                                std::to_string(shape->width * shape->height) +
                                " pixels"});
    return result;
  }

  const Mode& mode = probe->mode();
  std::string payload(payload_bytes(*probe, *shape, limits, result.notes),
                      '\0');
  const std::uint64_t end = kHeadBits + payload.size() * 8;
  const std::uint64_t columns = columns_of(end, mode, *shape);
  const std::optional<Error> damage =
      image->visit_rows(columns, shape->height, [&](const PixelRow& row) {
        put_row(row, mode, *shape, columns, [&](std::uint64_t index, bool bit) {
          if (!bit || index < kHeadBits || index >= end) return;
          const std::uint64_t at = index - kHeadBits;
          char& byte = payload[at / 8];
          byte = static_cast<char>(byte | 0x80u >> at % 8);
        });
        return true;
      });
  // Each line holds bits of the whole text: without the last there is none.
  if (damage) {
    result.notes.push_back(*damage);
    return result;
  }
  if (probe->is_packed()) payload = unpack(payload, limits, result.notes);
  result.found = StealthText{mode.carrier, std::move(payload)};
  return result;
}

}  // namespace sdmeta
