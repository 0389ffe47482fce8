// How a line of JSON is put together, and the strings in it.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace sdmeta {

/// Gathers the small pieces of a line, so that each costs a copy of known
/// length and not a call; `out` is complete when the writer is gone.
class LineWriter {
 public:
  static constexpr std::size_t kMostAtOnce = 512;

  explicit LineWriter(std::string& out) noexcept : out_(out) {}
  ~LineWriter() { flush(); }
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Room for the next `count` bytes, at most kMostAtOnce, of which `advance`
  /// tells how many were written.
  char* room(std::size_t count) {
    if (static_cast<std::size_t>(end() - at_) < count) flush();
    return at_;
  }
  void advance(std::size_t count) noexcept { at_ += count; }

  void put(char c) {
    *room(1) = c;
    advance(1);
  }
  /// Punctuation, keys and names, which are short.
  template <std::size_t N>
  void put(const char (&literal)[N]) {
    static_assert(N <= kMostAtOnce);
    std::memcpy(room(N - 1), literal, N - 1);
    advance(N - 1);
  }
  void put(std::string_view text) {
    if (text.size() > kMostAtOnce) {
      flush();
      out_ += text;
      return;
    }
    std::memcpy(room(text.size()), text.data(), text.size());
    advance(text.size());
  }

 private:
  static constexpr std::size_t kBufferBytes = 4096;

  const char* end() const noexcept { return buffer_ + kBufferBytes; }

  void flush() {
    out_.append(buffer_, static_cast<std::size_t>(at_ - buffer_));
    at_ = buffer_;
  }

  std::string& out_;
  char* at_ = buffer_;
  char buffer_[kBufferBytes];
};

/// `text` as a JSON string with its quotes, valid UTF-8 whatever it is: an
/// undecodable byte is U+FFFD.
void put_quoted(LineWriter& out, std::string_view text);

/// The same in the form of lossless_text.h.
void put_bytes(LineWriter& out, std::string_view bytes);

}  // namespace sdmeta
