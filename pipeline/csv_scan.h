// Splits RFC 4180 text into records and cells, 64 bytes at a time.
//
// Grammar: a cell is quoted when it begins with a quote; inside, "" is one
// quote, commas and line ends are text. A quote elsewhere is text. Records end
// with LF, CRLF or the end of the file. Empty lines are no records.
//
// Broken records: text behind a closing quote, a quote that is never closed, a
// number of cells other than the header's, too many bytes. Such a record costs
// its first line and nothing more: reading goes on behind the first line end
// after its begin, so one stray quote cannot swallow the rest of the file. A
// record is given up at its first cell too many, so the work stays linear.
//
// How: bit masks of quotes, commas and line ends of a block; a prefix xor over
// the quotes tells what is inside them. Masks also show whether every quote
// stands where the grammar has one; a record with any other is read again byte
// by byte, and that slow reader is the definition.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sdmeta {

/// One record; views into the scanned text.
struct CsvRecord {
  std::size_t begin = 0;  // in the text
  std::size_t next = 0;   // where the next record begins
  std::string_view text;  // without its line end
  /// Ends of the cells, counted from `begin`.
  std::vector<std::uint32_t> cell_ends;
  /// Why the record is broken, as found against expected; empty if sound. Cells
  /// of a broken record are not set.
  std::string fault;
  /// Broken, and its line goes on behind the text: skip to the line end.
  bool is_line_cut = false;

  std::size_t cells() const { return cell_ends.size(); }
  /// As it stands, with its quotes.
  std::string_view cell(std::size_t i) const {
    const std::size_t start = i == 0 ? 0 : cell_ends[i - 1] + 1;
    return text.substr(start, cell_ends[i] - start);
  }
};

class CsvScanner {
 public:
  enum class Step : std::uint8_t {
    kRecord,
    kEnd,   // of the file
    kMore,  // the record at `record.begin` goes on behind the text
  };
  enum class Kernel : std::uint8_t { kFastest, kPortable };

  /// Of 64 bytes, the first in the lowest bit.
  struct Masks {
    std::uint64_t separators;  // commas and line ends outside quotes
    std::uint64_t irregular;   // the first of these makes a record irregular
  };
  /// What a block must know of the one before it.
  struct Carry {
    std::uint64_t inside = 0;        // all ones inside quotes
    std::uint64_t may_open = 1;      // the byte before ended a cell, or closed
    std::uint64_t after_close = 0;   // the byte before was a closing quote
    std::uint64_t after_cr = 0;      // ... a CR behind one
  };
  using Classify = void (*)(const char* bytes, std::size_t blocks, Carry&,
                            Masks*);

  /// `columns`: cells of a sound record; 0 for any number, as in a header.
  CsvScanner(std::size_t columns, std::size_t max_row_bytes,
             Kernel kernel = Kernel::kFastest);

  /// Goes on at `position` of `text`, where a record begins. `is_final`: the
  /// file ends where the text does. The text must outlive the scan and be
  /// shorter than 4 GiB.
  void start(std::string_view text, std::size_t position, bool is_final);

  Step next(CsvRecord& record);

  /// Where the record after the last one begins.
  std::size_t position() const { return position_; }

 private:
  static constexpr std::size_t kBlockBytes = 64;
  static constexpr std::size_t kRunBlocks = 32;

  void restart(std::size_t position);
  bool load_run();
  Step next_fast(CsvRecord& record);
  Step next_slow(CsvRecord& record);
  Step give_up(CsvRecord& record, std::string fault);

  std::size_t columns_;
  std::size_t max_row_bytes_;
  Classify classify_;

  std::string_view text_;
  bool is_final_ = false;
  std::size_t position_ = 0;

  // The fast path: masks of the blocks from run_begin_ on.
  Carry carry_;
  std::array<Masks, kRunBlocks> run_{};
  std::size_t run_begin_ = 0;
  std::size_t run_end_ = 0;     // text position behind the run
  std::size_t block_begin_ = 0;  // of the block that separators_ belongs to
  std::uint64_t separators_ = 0;  // not yet consumed
  bool is_irregular_ = false;     // the block has an irregularity behind them
};

}  // namespace sdmeta
