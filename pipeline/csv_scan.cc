#include "pipeline/csv_scan.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sdmeta {
namespace {

/// Where the four bytes of the grammar stand in a block.
struct Found {
  std::uint64_t quotes;
  std::uint64_t commas;
  std::uint64_t line_feeds;
  std::uint64_t carriage_returns;
};

/// Bit i of the result: whether bits 0 to i hold an odd number of ones.
std::uint64_t prefix_xor(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

inline CsvScanner::Masks grammar(const Found& found, CsvScanner::Carry& carry) {
  const std::uint64_t inside = prefix_xor(found.quotes) ^ carry.inside;
  const std::uint64_t opening = found.quotes & inside;
  const std::uint64_t closing = found.quotes & ~inside;
  const std::uint64_t line_feeds = found.line_feeds & ~inside;
  const std::uint64_t separators = line_feeds | (found.commas & ~inside);

  // A quote may open a cell, or go on with one: "" closes and opens.
  const std::uint64_t may_open = separators | closing;
  const std::uint64_t open_fault = opening & ~(may_open << 1 | carry.may_open);
  const std::uint64_t after_close = closing << 1 | carry.after_close;
  const std::uint64_t close_fault =
      after_close & ~(separators | opening | found.carriage_returns);
  const std::uint64_t cr = after_close & found.carriage_returns;
  const std::uint64_t cr_fault = (cr << 1 | carry.after_cr) & ~line_feeds;

  carry.inside = (inside >> 63) != 0 ? ~std::uint64_t{0} : 0;
  carry.may_open = may_open >> 63;
  carry.after_close = closing >> 63;
  carry.after_cr = cr >> 63;
  return {separators, open_fault | close_fault | cr_fault};
}

// Eight bytes at a time in a plain register. `x` has a zero byte where the
// word has `wanted`; adding 0x7F to the low seven bits carries into the eighth
// unless they are zero, exactly and without borrowing from a neighbour.
std::uint64_t equal_bytes(std::uint64_t word, char wanted) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kLow = 0x7F * kOnes;
  const std::uint64_t x = word ^ (kOnes * static_cast<unsigned char>(wanted));
  const std::uint64_t equal = ~(((x & kLow) + kLow) | x | kLow);
  return ((equal >> 7) * 0x0102040810204080) >> 56;
}

void classify_portable(const char* bytes, std::size_t blocks,
                       CsvScanner::Carry& carry, CsvScanner::Masks* masks) {
  for (std::size_t block = 0; block < blocks; ++block, bytes += 64) {
    Found found{};
    for (int i = 0; i < 64; i += 8) {
      std::uint64_t word;
      std::memcpy(&word, bytes + i, sizeof word);
      if constexpr (std::endian::native == std::endian::big)
        word = __builtin_bswap64(word);
      found.quotes |= equal_bytes(word, '"') << i;
      found.commas |= equal_bytes(word, ',') << i;
      found.line_feeds |= equal_bytes(word, '\n') << i;
      found.carriage_returns |= equal_bytes(word, '\r') << i;
    }
    masks[block] = grammar(found, carry);
  }
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] inline std::uint64_t equal_avx2(__m256i low,
                                                        __m256i high,
                                                        char wanted) {
  const __m256i pattern = _mm256_set1_epi8(wanted);
  const auto low_bits = static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, pattern)));
  const auto high_bits = static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, pattern)));
  return std::uint64_t{high_bits} << 32 | low_bits;
}

[[gnu::target("avx2")]] void classify_avx2(const char* bytes,
                                           std::size_t blocks,
                                           CsvScanner::Carry& carry,
                                           CsvScanner::Masks* masks) {
  for (std::size_t block = 0; block < blocks; ++block, bytes += 64) {
    const auto* vectors = reinterpret_cast<const __m256i*>(bytes);
    const __m256i low = _mm256_loadu_si256(vectors);
    const __m256i high = _mm256_loadu_si256(vectors + 1);
    masks[block] = grammar(
        {equal_avx2(low, high, '"'), equal_avx2(low, high, ','),
         equal_avx2(low, high, '\n'), equal_avx2(low, high, '\r')},
        carry);
  }
}
#endif

CsvScanner::Classify fastest() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return classify_avx2;
#endif
  return classify_portable;
}

}  // namespace

CsvScanner::CsvScanner(std::size_t columns, std::size_t max_row_bytes,
                       Kernel kernel)
    : columns_(columns),
      max_row_bytes_(max_row_bytes),
      classify_(kernel == Kernel::kPortable ? classify_portable : fastest()) {}

void CsvScanner::start(std::string_view text, std::size_t position,
                       bool is_final) {
  assert(text.size() <= UINT32_MAX && position <= text.size());
  text_ = text;
  is_final_ = is_final;
  restart(position);
}

void CsvScanner::restart(std::size_t position) {
  position_ = position;
  carry_ = Carry{};
  run_begin_ = run_end_ = position;
  block_begin_ = position;
  separators_ = 0;
  is_irregular_ = false;
}

/// Moves on to the next block; false at the end of the text.
bool CsvScanner::load_run() {
  if (block_begin_ + kBlockBytes < run_end_) {
    block_begin_ += kBlockBytes;
  } else {
    if (run_end_ >= text_.size()) return false;
    run_begin_ = block_begin_ = run_end_;
    const std::size_t left = text_.size() - run_begin_;
    const std::size_t blocks = std::min(left / kBlockBytes, kRunBlocks);
    if (blocks != 0) {
      classify_(text_.data() + run_begin_, blocks, carry_, run_.data());
      run_end_ += blocks * kBlockBytes;
    } else {
      // Zeros behind the end cannot be taken for anything of the grammar.
      std::array<char, kBlockBytes> padded{};
      std::memcpy(padded.data(), text_.data() + run_begin_, left);
      classify_(padded.data(), 1, carry_, run_.data());
      run_end_ = text_.size();
    }
  }
  const Masks& masks = run_[(block_begin_ - run_begin_) / kBlockBytes];
  separators_ = masks.separators;
  is_irregular_ = masks.irregular != 0;
  // x & -x is the lowest bit of x, and one less is everything below it.
  if (is_irregular_)
    separators_ &= (masks.irregular & -masks.irregular) - 1;
  return true;
}

CsvScanner::Step CsvScanner::next(CsvRecord& record) {
  for (;;) {
    record.begin = position_;
    record.fault.clear();
    record.is_line_cut = false;
    const Step step = columns_ != 0 ? next_fast(record) : next_slow(record);
    if (step != Step::kRecord) return step;
    position_ = record.next;
    if (!record.text.empty() || !record.fault.empty()) return step;
  }
}

CsvScanner::Step CsvScanner::next_fast(CsvRecord& record) {
  record.cell_ends.resize(columns_);
  std::size_t cells = 0;
  for (;;) {
    while (separators_ == 0)
      if (is_irregular_ || !load_run()) return next_slow(record);
    const std::size_t at =
        block_begin_ + static_cast<std::size_t>(std::countr_zero(separators_));
    separators_ &= separators_ - 1;
    const bool is_last = text_[at] == '\n';
    if (cells == columns_ || (is_last && cells + 1 != columns_)) {
      if (is_last && at == record.begin) {  // an empty line
        record.text = {};
        record.next = at + 1;
        return Step::kRecord;
      }
      return next_slow(record);
    }
    record.cell_ends[cells++] = static_cast<std::uint32_t>(at - record.begin);
    if (!is_last) continue;

    std::size_t size = at - record.begin;
    if (size != 0 && text_[at - 1] == '\r') --size;
    if (size > max_row_bytes_) return next_slow(record);
    record.cell_ends.back() = static_cast<std::uint32_t>(size);
    record.text = text_.substr(record.begin, size);
    record.next = at + 1;
    return Step::kRecord;
  }
}

/// The definition of the grammar. Leaves the fast path at the next record.
CsvScanner::Step CsvScanner::next_slow(CsvRecord& record) {
  record.cell_ends.clear();
  const std::size_t begin = record.begin;
  if (begin == text_.size()) return is_final_ ? Step::kEnd : Step::kMore;

  // A record of the greatest size with its CRLF fits into the window.
  const std::size_t window_bytes = max_row_bytes_ + 2;
  const bool is_window_full = text_.size() - begin >= window_bytes;
  const std::string_view window = text_.substr(0, begin + window_bytes);
  const auto too_long = [&] {
    return give_up(record, "no end within " + std::to_string(max_row_bytes_) +
                               " bytes");
  };

  std::size_t at = begin;
  bool is_line_end = false;
  while (!is_line_end) {
    if (columns_ != 0 && record.cells() == columns_)
      return give_up(record, "more cells than the header's " +
                                 std::to_string(columns_));
    if (at < window.size() && window[at] == '"') {
      ++at;
      for (;;) {
        at = window.find('"', at);
        if (at == std::string_view::npos) {
          if (is_window_full) return too_long();
          if (!is_final_) return Step::kMore;
          return give_up(record, "a quote is never closed");
        }
        ++at;
        if (at == window.size() || window[at] != '"') break;
        ++at;
      }
      const std::string_view rest = window.substr(at);
      if (rest.size() < 2 && !is_window_full && !is_final_ && rest != "\n" &&
          rest != ",")
        return Step::kMore;
      const bool is_end = rest.empty() || rest[0] == '\n' || rest == "\r" ||
                          rest.starts_with("\r\n");
      if (!is_end && rest[0] != ',')
        return give_up(record, "text behind a closing quote");
    }
    at = std::min(window.find_first_of(",\n", at), window.size());
    if (at == window.size()) {
      if (is_window_full) return too_long();
      if (!is_final_) return Step::kMore;
    }
    record.cell_ends.push_back(static_cast<std::uint32_t>(at - begin));
    is_line_end = at == window.size() || window[at] == '\n';
    if (!is_line_end) ++at;
  }

  std::size_t size = at - begin;
  if (size != 0 && text_[at - 1] == '\r') --size;
  if (size > max_row_bytes_) return too_long();
  record.cell_ends.back() = static_cast<std::uint32_t>(size);
  record.text = text_.substr(begin, size);
  record.next = std::min(at + 1, text_.size());
  if (columns_ != 0 && record.cells() != columns_ && size != 0)
    return give_up(record, std::to_string(record.cells()) +
                               (record.cells() == 1 ? " cell" : " cells") +
                               ", the header has " + std::to_string(columns_));
  restart(record.next);
  return Step::kRecord;
}

CsvScanner::Step CsvScanner::give_up(CsvRecord& record, std::string fault) {
  std::size_t end = text_.find('\n', record.begin);
  record.is_line_cut = end == std::string_view::npos && !is_final_;
  end = std::min(end, text_.size());
  record.next = std::min(end + 1, text_.size());
  if (end > record.begin && text_[end - 1] == '\r') --end;
  record.text = text_.substr(record.begin, end - record.begin);
  record.cell_ends.clear();
  record.fault = std::move(fault);
  restart(record.next);
  return Step::kRecord;
}

}  // namespace sdmeta
