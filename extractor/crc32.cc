#include "extractor/crc32.h"

#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>

#include <array>
#include <cstring>
#endif

namespace sdmeta {

namespace {

#if defined(__x86_64__)

constexpr std::size_t kBlockBytes = 16;
constexpr std::size_t kStrideBytes = 4 * kBlockBytes;

// All constants are the paper's (see folded_crc): factors of a distance are
// powers of x modulo the polynomial, for its bit-reflected form.
[[gnu::target("pclmul")]] inline __m128i load(const std::uint8_t* at) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// Moves a block ahead by the distance that `factors` stand for, onto `block`.
[[gnu::target("pclmul")]] inline __m128i fold(__m128i sum, __m128i factors,
                                              __m128i block) noexcept {
  const __m128i low = _mm_clmulepi64_si128(sum, factors, 0x00);
  const __m128i high = _mm_clmulepi64_si128(sum, factors, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), block);
}

// What is left of the last block: to 64 bits, to 32, and Barrett's reduction.
[[gnu::target("pclmul")]] std::uint32_t remainder_of(__m128i sum) noexcept {
  const __m128i to_64 = _mm_set_epi64x(0, 0x0ccaa009e);
  const __m128i to_32 = _mm_set_epi64x(0, 0x163cd6124);
  const __m128i polynomial = _mm_set_epi64x(0x1f7011641, 0x1db710641);
  const __m128i low_32 = _mm_set_epi32(0, ~0, 0, ~0);
  sum = _mm_xor_si128(_mm_srli_si128(sum, 8),
                      _mm_clmulepi64_si128(sum, to_64, 0x00));
  sum = _mm_xor_si128(
      _mm_srli_si128(sum, 4),
      _mm_clmulepi64_si128(_mm_and_si128(sum, low_32), to_32, 0x00));
  __m128i quotient =
      _mm_clmulepi64_si128(_mm_and_si128(sum, low_32), polynomial, 0x10);
  quotient =
      _mm_clmulepi64_si128(_mm_and_si128(quotient, low_32), polynomial, 0x00);
  sum = _mm_xor_si128(sum, quotient);
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_srli_si128(sum, 4)));
}

// Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ",
// Intel 2009, with the factors x^(512+64), x^512 and x^(128+64), x^128. Four
// sums run side by side while there are bytes for them. At least kBlockBytes.
[[gnu::target("pclmul")]] std::uint32_t folded_crc(Bytes bytes) noexcept {
  const __m128i by_stride = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
  const __m128i by_block = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
  // Zeros in front change nothing in a sum that starts from zero, so they make
  // up whole blocks. That it starts from ones is to invert its first 32 bits.
  const std::size_t odd = bytes.size() % kBlockBytes;
  std::array<std::uint8_t, 2 * kBlockBytes> head{};
  std::uint8_t* const start = head.data() + kBlockBytes - odd;
  std::memcpy(start, bytes.data(), kBlockBytes + odd);
  for (std::size_t i = 0; i < 4; ++i)
    start[i] = static_cast<std::uint8_t>(~start[i]);
  __m128i sum =
      fold(load(head.data()), by_block, load(head.data() + kBlockBytes));

  const std::uint8_t* at = bytes.data() + kBlockBytes + odd;
  const std::uint8_t* const end = bytes.data() + bytes.size();
  const auto has = [&at, end](std::size_t count) {
    return static_cast<std::size_t>(end - at) >= count;
  };
  if (has(kStrideBytes)) {
    __m128i sum0 = fold(sum, by_block, load(at));
    __m128i sum1 = load(at + kBlockBytes);
    __m128i sum2 = load(at + 2 * kBlockBytes);
    __m128i sum3 = load(at + 3 * kBlockBytes);
    for (at += kStrideBytes; has(kStrideBytes); at += kStrideBytes) {
      sum0 = fold(sum0, by_stride, load(at));
      sum1 = fold(sum1, by_stride, load(at + kBlockBytes));
      sum2 = fold(sum2, by_stride, load(at + 2 * kBlockBytes));
      sum3 = fold(sum3, by_stride, load(at + 3 * kBlockBytes));
    }
    sum = fold(sum0, by_block, sum1);
    sum = fold(sum, by_block, sum2);
    sum = fold(sum, by_block, sum3);
  }
  for (; at != end; at += kBlockBytes) sum = fold(sum, by_block, load(at));
  return ~remainder_of(sum);
}

#endif

}  // namespace

std::uint32_t crc32_of(Bytes bytes) noexcept {
#if defined(__x86_64__)
  static const bool has_folding = __builtin_cpu_supports("pclmul") != 0;
  if (bytes.size() >= kBlockBytes && has_folding) return folded_crc(bytes);
#endif
  return static_cast<std::uint32_t>(::crc32_z(0, bytes.data(), bytes.size()));
}

}  // namespace sdmeta
