#include "extractor/png_rows.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstring>
#include <string>
#include <vector>

namespace sdmeta {
namespace {

constexpr std::size_t kBufferBytes = 16u << 10;

}  // namespace

// libpng leaves its functions by longjmp, which runs no destructors: whatever
// owns memory lives here, and the functions that call setjmp have only trivial
// locals.
struct PngRows::State {
  State(ByteSource& bytes, PngChecksums sums)
      : source(bytes), buffer(kBufferBytes), checksums(sums) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error,
                                 on_warning);
    if (png == nullptr) return;
    info = png_create_info_struct(png);
    png_set_read_fn(png, this, on_read);
  }
  ~State() { png_destroy_read_struct(&png, &info, nullptr); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  static void on_error(png_structp png, png_const_charp message) {
    State* state = static_cast<State*>(png_get_error_ptr(png));
    const std::size_t length =
        std::min(std::strlen(message), state->message.size() - 1);
    std::memcpy(state->message.data(), message, length);
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep out, std::size_t count) {
    State* state = static_cast<State*>(png_get_io_ptr(png));
    if (!state->copy(out, count)) png_error(png, "file ends inside a chunk");
  }

  // False at the end of the source and after a read error.
  bool copy(std::uint8_t* out, std::size_t count) noexcept {
    while (count > 0) {
      if (begin == end && !refill()) return false;
      const std::size_t part = std::min(count, end - begin);
      std::memcpy(out, buffer.data() + begin, part);
      begin += part;
      out += part;
      count -= part;
    }
    return true;
  }

  bool refill() noexcept {
    const Result<std::size_t> got = source.read_at(offset, buffer);
    if (!got) {
      read_error = got.error();
      return false;
    }
    is_at_end = *got == 0;
    begin = 0;
    end = *got;
    offset += *got;
    return *got > 0;
  }

  std::uint32_t passes() const { return is_interlaced ? 7 : 1; }
  std::uint32_t rows_of_pass() const {
    return is_interlaced ? PNG_PASS_ROWS(height, pass) : height;
  }
  std::uint32_t columns_of_pass() const {
    return is_interlaced ? PNG_PASS_COLS(width, pass) : width;
  }

  bool read_info() noexcept {
    if (info == nullptr || setjmp(png_jmpbuf(png))) return false;
    // Text and colour profiles are the chunk walk's business.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    const bool is_verified = checksums == PngChecksums::kVerified;
    png_set_crc_action(png, is_verified ? PNG_CRC_DEFAULT : PNG_CRC_QUIET_USE,
                       PNG_CRC_QUIET_USE);
    if (!is_verified) png_set_option(png, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
    png_read_info(png, info);
    return true;
  }
  bool read_row() noexcept {
    if (setjmp(png_jmpbuf(png))) return false;
    png_read_row(png, row.data(), nullptr);
    return true;
  }
  bool read_end() noexcept {
    if (setjmp(png_jmpbuf(png))) return false;
    png_read_end(png, nullptr);
    return true;
  }

  ByteSource& source;
  std::uint64_t offset = 0;  // of the byte after those in `buffer`
  std::vector<std::uint8_t> buffer;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool is_at_end = false;
  std::optional<Error> read_error;
  PngChecksums checksums;

  png_structp png = nullptr;
  png_infop info = nullptr;
  std::array<char, 96> message{};

  std::vector<std::uint8_t> row;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t bits_per_pixel = 0;
  bool is_interlaced = false;
  std::uint32_t pass = 0;
  std::uint32_t row_of_pass = 0;
};

PngRows::PngRows(ByteSource& source, PngChecksums checksums)
    : state_(new State(source, checksums)) {}
PngRows::~PngRows() = default;

std::nullopt_t PngRows::fail() {
  const State& state = *state_;
  if (state.read_error) {
    error_ = state.read_error;
  } else if (state.is_at_end) {
    error_ = Error{ErrorCode::kTruncated, "file ends inside the image data",
                   state.offset};
  } else {
    error_ = Error{ErrorCode::kCorrupt,
                   "libpng: " + std::string(state.message.data()),
                   state.offset - (state.end - state.begin)};
  }
  return std::nullopt;
}

std::optional<PngHeader> PngRows::open() {
  State& state = *state_;
  if (!state.read_info()) return fail();
  const int colour = png_get_color_type(state.png, state.info);
  PngHeader header;
  header.width = png_get_image_width(state.png, state.info);
  header.height = png_get_image_height(state.png, state.info);
  header.bits_per_channel = png_get_bit_depth(state.png, state.info);
  header.is_rgb = colour == PNG_COLOR_TYPE_RGB || colour == PNG_COLOR_TYPE_RGBA;
  header.has_alpha = (colour & PNG_COLOR_MASK_ALPHA) != 0;

  state.width = header.width;
  state.height = header.height;
  state.bits_per_pixel =
      header.bits_per_channel * png_get_channels(state.png, state.info);
  state.is_interlaced =
      png_get_interlace_type(state.png, state.info) == PNG_INTERLACE_ADAM7;
  state.row.resize(png_get_rowbytes(state.png, state.info));
  return header;
}

std::optional<PixelRow> PngRows::next() {
  State& state = *state_;
  // Passes without pixels are not in the file.
  while (state.pass < state.passes() &&
         (state.row_of_pass == state.rows_of_pass() ||
          state.columns_of_pass() == 0)) {
    ++state.pass;
    state.row_of_pass = 0;
  }
  if (error_ || state.pass == state.passes()) return std::nullopt;
  if (!state.read_row()) return fail();

  PixelRow row;
  row.y = state.row_of_pass;
  if (state.is_interlaced) {
    row.y = PNG_ROW_FROM_PASS_ROW(state.row_of_pass, state.pass);
    row.x = PNG_PASS_START_COL(state.pass);
    row.x_step = 1u << PNG_PASS_COL_SHIFT(state.pass);
  }
  const std::uint64_t bits =
      std::uint64_t{state.columns_of_pass()} * state.bits_per_pixel;
  row.pixels = std::span(state.row).first((bits + 7) / 8);
  ++state.row_of_pass;
  return row;
}

bool PngRows::finish() {
  if (error_) return false;
  if (!state_->read_end()) fail();
  return !error_;
}

}  // namespace sdmeta
