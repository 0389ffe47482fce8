#include "extractor/jpeg_pixels.h"

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs size_t and FILE
#include <string>
#include <vector>

#include "extractor/pixel_limit.h"

namespace sdmeta {
namespace {

// libjpeg leaves its functions by longjmp, which runs no destructors: whatever
// owns memory lives here, and `decode` has only trivial locals.
class JpegDecoder {
 public:
  JpegDecoder(ByteSource& source, const Limits& limits)
      : source_(source), limits_(limits), buffer_(kBufferBytes) {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    input_.init_source = [](j_decompress_ptr) {};
    input_.fill_input_buffer = on_fill;
    input_.skip_input_data = on_skip;
    input_.resync_to_restart = jpeg_resync_to_restart;
    input_.term_source = [](j_decompress_ptr) {};
    progress_.progress_monitor = on_progress;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&jpeg_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  std::optional<Error> run() {
    if (decode()) return std::nullopt;
    if (error_) return error_;
    return describe();
  }

 private:
  static constexpr std::size_t kBufferBytes = 32u << 10;

  static JpegDecoder& self(j_common_ptr jpeg) {
    return *static_cast<JpegDecoder*>(jpeg->client_data);
  }
  static JpegDecoder& self(j_decompress_ptr jpeg) {
    return self(reinterpret_cast<j_common_ptr>(jpeg));
  }

  static void on_error(j_common_ptr jpeg) { std::longjmp(self(jpeg).jump_, 1); }

  static void on_message(j_common_ptr jpeg, int level) {
    constexpr int kWarning = -1;
    if (level == kWarning && !self(jpeg).is_harmless_warning())
      std::longjmp(self(jpeg).jump_, 1);
  }

  // Found in sound files of careless writers; the pixels are all there.
  bool is_harmless_warning() const {
    constexpr int kEndOfImage = 0xD9;
    switch (errors_.msg_code) {
      case JWRN_ADOBE_XFORM:
      case JWRN_JFIF_MAJOR:
      case JWRN_BOGUS_ICC: return true;
      case JWRN_EXTRANEOUS_DATA:
        return !is_decoding_ || (errors_.msg_parm.i[1] == kEndOfImage &&
                                 is_padding(errors_.msg_parm.i[0]));
      default: return false;
    }
  }

  // What stands between the last block and the end: padding, or coefficients,
  // which are left over where the scan has lost its bytes or has others. Zeros
  // in their place decode without a complaint.
  bool is_padding(int count) const {
    constexpr int kFewest = 64;
    if (count < kFewest) return true;
    std::array<std::uint8_t, kFewest> last;
    const std::uint64_t end = offset_ - input_.bytes_in_buffer;
    const Result<std::size_t> got =
        source_.read_at(end - std::min<std::uint64_t>(end, kFewest), last);
    return !got ||
           std::all_of(last.begin(), last.begin() + *got,
                       [&](std::uint8_t byte) { return byte == last[0]; });
  }

  static boolean on_fill(j_decompress_ptr jpeg) {
    if (!self(jpeg).fill()) std::longjmp(self(jpeg).jump_, 1);
    return TRUE;
  }

  static void on_skip(j_decompress_ptr jpeg, long count) {
    if (count > 0) self(jpeg).skip(static_cast<std::size_t>(count));
  }

  // Scans are free for the writer of a file and not for its reader: a few bytes
  // each make the decoder visit every block again.
  static void on_progress(j_common_ptr jpeg) {
    JpegDecoder& decoder = self(jpeg);
    const std::uint64_t scans = decoder.jpeg_.input_scan_number;
    constexpr std::uint64_t kUsualScans = 16;
    if (scans > kUsualScans &&
        scans * decoder.pixels() > kUsualScans * decoder.limits_.max_pixels) {
      decoder.too_large();
      std::longjmp(decoder.jump_, 1);
    }
  }

  bool fill() noexcept {
    const Result<std::size_t> got = source_.read_at(offset_, buffer_);
    if (!got) {
      error_ = got.error();
      return false;
    }
    if (*got == 0) {
      error_ = Error{ErrorCode::kTruncated, "file ends inside the image data",
                     source_.size()};
      return false;
    }
    offset_ += *got;
    input_.next_input_byte = buffer_.data();
    input_.bytes_in_buffer = *got;
    return true;
  }

  void skip(std::size_t count) noexcept {
    const std::size_t held = std::min(count, input_.bytes_in_buffer);
    input_.next_input_byte += held;
    input_.bytes_in_buffer -= held;
    offset_ += count - held;
  }

  std::uint64_t pixels() const {
    return std::uint64_t{jpeg_.image_width} * jpeg_.image_height;
  }

  void too_large() noexcept {
    error_ = too_many_pixels(jpeg_.image_width, jpeg_.image_height);
  }

  Error describe() const {
    std::array<char, JMSG_LENGTH_MAX> message{};
    errors_.format_message(
        reinterpret_cast<j_common_ptr>(const_cast<j_decompress_ptr>(&jpeg_)),
        message.data());
    ErrorCode code = ErrorCode::kCorrupt;
    switch (errors_.msg_code) {
      case JWRN_JPEG_EOF:
      case JERR_INPUT_EOF:
      case JERR_INPUT_EMPTY: code = ErrorCode::kTruncated; break;
      case JERR_NO_BACKING_STORE:
      case JERR_OUT_OF_MEMORY:
      case JERR_IMAGE_TOO_BIG: code = ErrorCode::kFieldTooLarge; break;
      case JERR_BAD_PRECISION:
      case JERR_SOF_UNSUPPORTED:
      case JERR_CONVERSION_NOTIMPL:
      case JERR_CCIR601_NOTIMPL:
      case JERR_FRACT_SAMPLE_NOTIMPL:
      case JERR_NOTIMPL: code = ErrorCode::kUnsupportedFormat; break;
      default: break;
    }
    return Error{code, "libjpeg: " + std::string(message.data()),
                 offset_ - input_.bytes_in_buffer};
  }

  bool decode() noexcept {
    if (setjmp(jump_)) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_.client_data = this;
    jpeg_.src = &input_;
    jpeg_.progress = &progress_;
    jpeg_.mem->max_memory_to_use = static_cast<long>(limits_.max_decoder_bytes);
    jpeg_read_header(&jpeg_, TRUE);
    if (pixels() > limits_.max_pixels) {
      too_large();
      return false;
    }
    // Damage shows in the entropy-coded data, and all of it is read at any
    // scale; an eighth leaves out the transforms, which cannot fail.
    jpeg_.scale_num = 1;
    jpeg_.scale_denom = 8;
    jpeg_.out_color_space = jpeg_.jpeg_color_space;
    is_decoding_ = true;
    jpeg_start_decompress(&jpeg_);
    JSAMPARRAY row = (*jpeg_.mem->alloc_sarray)(
        reinterpret_cast<j_common_ptr>(&jpeg_), JPOOL_IMAGE,
        jpeg_.output_width * static_cast<JDIMENSION>(jpeg_.output_components),
        1);
    while (jpeg_.output_scanline < jpeg_.output_height)
      jpeg_read_scanlines(&jpeg_, row, 1);
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  ByteSource& source_;
  const Limits& limits_;
  std::uint64_t offset_ = 0;  // of the byte after those in `buffer_`
  std::vector<std::uint8_t> buffer_;
  std::optional<Error> error_;  // ours; else libjpeg's is in `errors_`
  bool is_decoding_ = false;
  jpeg_error_mgr errors_{};
  jpeg_source_mgr input_{};
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct jpeg_{};
  std::jmp_buf jump_;
};

}  // namespace

std::optional<Error> verify_jpeg(ByteSource& source, const Limits& limits) {
  return JpegDecoder(source, limits).run();
}

}  // namespace sdmeta
