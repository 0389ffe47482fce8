#include "extractor/utf16_guess.h"

#include <algorithm>

#include "extractor/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sdmeta {
namespace {

// How much of a long text is looked at to find its byte order.
constexpr std::size_t kSampleBytes = 4096;

struct ZeroCount {
  std::size_t even = 0;  // high byte of ASCII in big endian
  std::size_t odd = 0;   // and in little endian
  std::size_t units = 0;

  std::size_t difference() const noexcept {
    return even > odd ? even - odd : odd - even;
  }
  ByteOrder order() const noexcept {
    return even > odd ? ByteOrder::kBig : ByteOrder::kLittle;
  }
};

ZeroCount count_zeros(Bytes bytes) noexcept {
  bytes = clipped(bytes, 0, kSampleBytes);
  ZeroCount zeros;
  zeros.units = bytes.size() / 2;
  std::size_t i = 0;
#if defined(__SSE2__)
  // A byte of `counts` for each place in a block of 16: it must not overflow.
  constexpr int kMostBlocks = 255;
  const __m128i zero = _mm_setzero_si128();
  const __m128i even = _mm_set1_epi16(0x00FF);
  while (i + 8 <= zeros.units) {
    __m128i counts = zero;
    for (int block = 0; block < kMostBlocks && i + 8 <= zeros.units;
         ++block, i += 8) {
      const __m128i units = _mm_loadu_si128(
          reinterpret_cast<const __m128i*>(bytes.data() + 2 * i));
      counts = _mm_sub_epi8(counts, _mm_cmpeq_epi8(units, zero));
    }
    const auto sum = [zero](__m128i some) {
      const __m128i halves = _mm_sad_epu8(some, zero);
      return static_cast<std::size_t>(
          _mm_cvtsi128_si32(halves) +
          _mm_cvtsi128_si32(_mm_srli_si128(halves, 8)));
    };
    zeros.even += sum(_mm_and_si128(counts, even));
    zeros.odd += sum(_mm_andnot_si128(even, counts));
  }
#endif
  for (; i < zeros.units; ++i) {
    zeros.even += bytes[2 * i] == 0 ? 1 : 0;
    zeros.odd += bytes[2 * i + 1] == 0 ? 1 : 0;
  }
  return zeros;
}

// How much a code unit looks like part of a prompt. Read in the wrong byte
// order, ASCII becomes ideographs and ideographs scatter over all blocks, so
// ASCII weighs more and what no prompt holds weighs against.
int plausibility(char16_t unit) noexcept {
  if (unit == 0x09 || unit == 0x0A || unit == 0x0D) return 2;
  if (unit >= 0x20 && unit < 0x7F) return 2;
  if (unit >= 0x3000 && unit < 0x3100) return 2;  // CJK punctuation, kana
  const bool is_common =
      (unit >= 0xA0 && unit < 0x250) || (unit >= 0x370 && unit < 0x700) ||
      (unit >= 0x0E00 && unit < 0x0E80) || (unit >= 0x2010 && unit < 0x2070) ||
      (unit >= 0x4E00 && unit < 0xA000) || (unit >= 0xAC00 && unit < 0xD7A4) ||
      (unit >= 0xFF00 && unit < 0xFFF0);
  return is_common ? 1 : -1;
}

int plausibility(Bytes bytes, ByteOrder order) noexcept {
  bytes = clipped(bytes, 0, kSampleBytes);
  const std::size_t count = bytes.size() / 2;
  int score = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char16_t unit = unit_at(bytes, 2 * i, order);
    if (is_high_surrogate(unit) && i + 1 < count &&
        is_low_surrogate(unit_at(bytes, 2 * i + 2, order))) {
      score += 2;
      ++i;
    } else if (is_high_surrogate(unit) || is_low_surrogate(unit)) {
      score -= 4;
    } else {
      score += plausibility(unit);
    }
  }
  return score;
}

}  // namespace

ByteOrder utf16_order(Bytes bytes, std::optional<ByteOrder> hint) noexcept {
  // Ideographs such as U+4E00 have a zero byte on the other side; only a clear
  // majority speaks, which most texts have in their first words.
  constexpr std::size_t kFirstWords = 256;
  ZeroCount zeros;
  for (const std::size_t most : {kFirstWords, kSampleBytes}) {
    zeros = count_zeros(clipped(bytes, 0, most));
    if (4 * zeros.difference() > zeros.units) return zeros.order();
  }
  const int big = plausibility(bytes, ByteOrder::kBig);
  const int little = plausibility(bytes, ByteOrder::kLittle);
  if (big != little) return big > little ? ByteOrder::kBig : ByteOrder::kLittle;
  if (zeros.even != zeros.odd) return zeros.order();
  return hint.value_or(ByteOrder::kBig);
}

std::optional<ByteOrder> order_of_ascii(Bytes bytes) noexcept {
  const ZeroCount zeros = count_zeros(bytes);
  const bool is_sure = 2 * zeros.units >= kTellingUtf16Bytes &&
                       2 * zeros.difference() > zeros.units;
  return is_sure ? std::optional(zeros.order()) : std::nullopt;
}

bool begins_as_utf16(Bytes bytes, std::size_t count) noexcept {
  if (bytes.size() < count) return false;
  const std::size_t zero = bytes[0] == 0 ? 0 : 1;
  for (std::size_t i = 0; i < count; ++i)
    if ((bytes[i] == 0) != (i % 2 == zero)) return false;
  return true;
}

bool looks_like_utf16(Bytes bytes) noexcept {
  const ZeroCount zeros = count_zeros(bytes);
  if (zeros.units < 2) return false;
  if (std::max(zeros.even, zeros.odd) <= 4 * std::min(zeros.even, zeros.odd)) {
    return false;
  }
  if (2 * zeros.difference() > zeros.units) return true;
  return 8 * zeros.difference() > zeros.units && take_census(bytes).invalid > 0;
}

}  // namespace sdmeta
