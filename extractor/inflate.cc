#include "extractor/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <new>

namespace sdmeta {

namespace {

class Inflater {
 public:
  Inflater() {
    constexpr int kZlibOrGzip = 15 + 32;
    if (::inflateInit2(&state_, kZlibOrGzip) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { ::inflateEnd(&state_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream& state() noexcept { return state_; }

 private:
  z_stream state_{};
};

}  // namespace

InflateEnd inflate_text(Bytes stream, std::size_t max_bytes, std::string& out) {
  constexpr std::size_t kMaxStep = 1u << 30;  // zlib counts in 32 bits
  constexpr std::size_t kFirstStep = 4096;
  const std::size_t start = out.size();
  Inflater inflater;
  z_stream& state = inflater.state();
  // zlib does not write to its input.
  state.next_in = const_cast<Bytef*>(stream.data());
  std::size_t in_left = stream.size();
  while (true) {
    const std::size_t done = out.size() - start;
    if (done > max_bytes) {
      out.resize(start + max_bytes);
      return InflateEnd::kTooLarge;
    }
    if (state.avail_in == 0) {
      const std::size_t step = std::min(in_left, kMaxStep);
      state.avail_in = static_cast<uInt>(step);
      in_left -= step;
    }
    // One byte more than allowed tells a full field from one that is too long.
    const std::size_t step = std::min(
        {std::max({kFirstStep, done, std::min(stream.size(), max_bytes)}),
         max_bytes + 1 - done, kMaxStep});
    out.resize(out.size() + step);
    state.next_out = reinterpret_cast<Bytef*>(out.data() + out.size() - step);
    state.avail_out = static_cast<uInt>(step);
    const int result = ::inflate(&state, Z_NO_FLUSH);
    out.resize(out.size() - state.avail_out);
    if (result == Z_STREAM_END) {
      if (out.size() - start <= max_bytes) return InflateEnd::kComplete;
    } else if (result == Z_BUF_ERROR ||
               (result == Z_OK && state.avail_in == 0 && in_left == 0 &&
                state.avail_out > 0)) {
      return InflateEnd::kInputEnded;
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (result != Z_OK) {
      return InflateEnd::kCorrupt;
    }
  }
}

}  // namespace sdmeta
