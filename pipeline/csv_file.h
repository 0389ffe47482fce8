// CSV files on disk: which there are, what their headers say, random access to
// their text, and their records as a stream.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "pipeline/csv_scan.h"
#include "pipeline/file_id.h"
#include "pipeline/match.h"
#include "pipeline/row.h"
#include "pipeline/text_input.h"

namespace sdmeta {

enum class CsvColumn : std::uint8_t {
  kId,
  kImageUrl,
  kUserId,
  kUsername,
  kNsfwLevel,
  kCreatedAt,
  kPublishedAt,
  kTagIds,
  kImageId,
  kOther,
};

/// The first record of a file. Columns are known by name, whatever their order
/// and case; of two with one name the first counts.
struct CsvHeader {
  /// More are an error: the work a broken record costs grows with them.
  static constexpr std::size_t kMaxColumns = 1024;

  std::string text;                // cells as they stand, without BOM
  std::vector<std::string> names;  // values of the cells
  std::vector<CsvColumn> columns;  // what each is

  std::size_t size() const { return names.size(); }
  std::optional<std::size_t> find(CsvColumn column) const;
  /// Cell `column` of `record`, as it stands; empty if there is none.
  std::string_view cell(const CsvRecord& record, CsvColumn column) const;

  /// `text` is the begin of the file, all of it if `is_final`. Sets `next` to
  /// where the first row begins. A header without image_id and image_url is
  /// kMissingColumn, as is an empty file.
  static Result<CsvHeader> read(std::string_view text, bool is_final,
                                const Limits& limits, std::size_t& next);

 private:
  static constexpr std::uint16_t kAbsent = 0xFFFF;
  void set_columns(const CsvRecord& record);

  std::array<std::uint16_t, 9> positions_{};
};

/// What tells a row's image. Cells that hold no key are absent.
struct RowKeys {
  std::optional<std::uint64_t> image_id;
  std::optional<Uuid> uuid;
};

/// False, with `fault` set, for a row that no image can ever be joined with:
/// an image_id that is no number, or no key in any column.
bool read_row_keys(const CsvHeader& header, const CsvRecord& record,
                   RowKeys& keys, std::string& fault);

/// The row's own number, if its cell holds one.
std::optional<std::uint64_t> read_row_id(const CsvHeader& header,
                                         const CsvRecord& record);

/// The row's typed values. A cell that does not fit its column goes to `extra`
/// under the column's name.
Row make_row(const CsvHeader& header, const CsvRecord& record,
             const std::string& username);

/// Only these columns of the row. A cell that does not fit is absent.
Row make_row_of(const CsvHeader& header, const CsvRecord& record,
                std::initializer_list<CsvColumn> columns);

/// The CSV files among `paths`, in this order; folders are read recursively, in
/// byte order of names: *.csv, *.csv.gz, *.csv.zst. "-" is /dev/stdin. An error
/// names what is missing or a folder without any.
Result<std::vector<std::string>> list_csv_files(
    const std::vector<std::string>& paths);

/// What to say, once, of a file with Latin-1 or other text in it.
Error not_utf8(std::string_view what_becomes_of_it);

/// What CsvFile::is_changed() tells, as an error.
Error changed_while_read(const std::string& path);

/// A file whose rows are read where they stand. A compressed one is held
/// decompressed in memory. Thread-safe after open().
class CsvFile {
 public:
  /// Reads the header. `keep_open`: hold the descriptor; else every read opens
  /// the file again.
  static Result<CsvFile> open(const std::string& path, bool keep_open,
                              const Limits& limits);
  CsvFile(CsvFile&&) noexcept;
  CsvFile& operator=(CsvFile&&) = delete;
  ~CsvFile();

  const std::string& path() const { return path_; }
  const std::string& username() const { return username_; }
  const CsvHeader& header() const { return header_; }
  std::uint64_t size() const { return size_; }  // of the text, in bytes
  std::int64_t modified_ns() const { return state_.modified_ns; }
  /// What is read now is not the text that there was at open().
  bool is_changed() const;
  /// Where the first record behind the header begins.
  std::uint64_t first_record() const { return first_record_; }

  /// Copies text from `offset` on; less than `size` bytes only at the end.
  Result<std::size_t> read_at(std::uint64_t offset, char* out,
                              std::size_t size) const;

 private:
  CsvFile() = default;
  std::optional<Error> hold(TextInput& input);
  bool has_another_state() const;

  std::string path_;
  std::string username_;
  CsvHeader header_;
  std::uint64_t size_ = 0;
  FileState state_;
  std::uint64_t first_record_ = 0;
  int fd_ = -1;
  bool is_in_memory_ = false;
  std::vector<std::unique_ptr<char[]>> blocks_;  // of text in memory
};

/// Numbers of lines, from 1, at places of a file that are asked for in
/// ascending order: the text is read once, and as far as it must be.
class CsvLineCounter {
 public:
  explicit CsvLineCounter(const CsvFile& file) : file_(&file) {}
  std::uint64_t line_at(std::uint64_t offset);

 private:
  const CsvFile* file_;
  std::uint64_t line_ = 1;
  std::uint64_t counted_ = 0;  // bytes
};

/// The records of one file from first to last, in bounded memory.
class CsvReader {
 public:
  static Result<std::unique_ptr<CsvReader>> open(const std::string& path,
                                                 const Limits& limits);

  const CsvHeader& header() const { return header_; }

  /// The next record, sound or broken; false at the end. Valid until the next
  /// call.
  Result<bool> next(CsvRecord& record);
  /// Line on which the last record begins, from 1.
  std::uint64_t line() const;

 private:
  CsvReader(std::unique_ptr<TextInput> input, const Limits& limits);
  std::optional<Error> read_more();
  std::optional<Error> skip_line();

  std::unique_ptr<TextInput> input_;
  std::size_t max_row_bytes_;
  CsvHeader header_;
  CsvScanner scanner_;
  std::string buffer_;
  std::size_t used_ = 0;  // bytes of text in buffer_
  bool is_at_end_ = false;
  bool is_line_cut_ = false;  // of the last record
  std::uint64_t lines_before_ = 0;  // line ends in front of buffer_
  std::size_t record_begin_ = 0;    // in buffer_
};

}  // namespace sdmeta
