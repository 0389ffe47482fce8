#include "extractor/crc32.h"

#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>

#include <array>
#endif

namespace sdmeta {

namespace {

std::uint32_t zlib_crc(std::uint32_t start, Bytes bytes) noexcept {
  return static_cast<std::uint32_t>(
      ::crc32_z(start, bytes.data(), bytes.size()));
}

#if defined(__x86_64__)

constexpr std::size_t kBlockBytes = 16;
constexpr std::size_t kStrideBytes = 4 * kBlockBytes;

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

// Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ",
// Intel 2009, with the paper's factors x^(512+64), x^512 and x^(128+64), x^128
// for the bit-reflected polynomial. Four sums run side by side. The last block
// stands for everything before it; zlib takes its remainder and the rest.
[[gnu::target("pclmul")]] std::uint32_t folded_crc(Bytes bytes) noexcept {
  const __m128i by_stride = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
  const __m128i by_block = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* const end = at + bytes.size();
  __m128i sum0 =
      _mm_xor_si128(load(at), _mm_cvtsi32_si128(static_cast<int>(~0u)));
  __m128i sum1 = load(at + kBlockBytes);
  __m128i sum2 = load(at + 2 * kBlockBytes);
  __m128i sum3 = load(at + 3 * kBlockBytes);
  for (at += kStrideBytes;
       end - at >= static_cast<std::ptrdiff_t>(kStrideBytes);
       at += kStrideBytes) {
    sum0 = fold(sum0, by_stride, load(at));
    sum1 = fold(sum1, by_stride, load(at + kBlockBytes));
    sum2 = fold(sum2, by_stride, load(at + 2 * kBlockBytes));
    sum3 = fold(sum3, by_stride, load(at + 3 * kBlockBytes));
  }
  __m128i sum = fold(sum0, by_block, sum1);
  sum = fold(sum, by_block, sum2);
  sum = fold(sum, by_block, sum3);
  for (; end - at >= static_cast<std::ptrdiff_t>(kBlockBytes);
       at += kBlockBytes) {
    sum = fold(sum, by_block, load(at));
  }
  std::array<std::uint8_t, kBlockBytes> last;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(last.data()), sum);
  // zlib inverts what it starts from; the sum has its start in it already.
  return zlib_crc(zlib_crc(~0u, last), {at, end});
}

#endif

}  // namespace

std::uint32_t crc32_of(Bytes bytes) noexcept {
#if defined(__x86_64__)
  static const bool has_folding = __builtin_cpu_supports("pclmul") != 0;
  if (bytes.size() >= kStrideBytes && has_folding) return folded_crc(bytes);
#endif
  return zlib_crc(0, bytes);
}

}  // namespace sdmeta
