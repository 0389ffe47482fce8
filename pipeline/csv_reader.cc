#include "pipeline/csv_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "pipeline/file_error.h"

namespace sdmeta {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;

}  // namespace

CsvReader::CsvReader(std::unique_ptr<TextInput> input, const Limits& limits)
    : input_(std::move(input)),
      scanner_(0, limits.max_csv_row_bytes) {}

Result<std::unique_ptr<CsvReader>> CsvReader::open(const std::string& path,
                                                   const Limits& limits) {
  auto input = TextInput::open(path);
  if (!input) return input.error();
  std::unique_ptr<CsvReader> reader(new CsvReader(std::move(*input), limits));
  std::size_t next = 0;
  for (;;) {
    if (auto error = reader->read_more()) return *std::move(error);
    auto header = CsvHeader::read(
        std::string_view(reader->buffer_).substr(0, reader->used_),
        reader->is_at_end_, limits, next);
    if (header) {
      reader->header_ = *std::move(header);
      break;
    }
    if (reader->is_at_end_ || reader->used_ > limits.max_csv_row_bytes)
      return at_path(path, header.error());
  }
  reader->scanner_ =
      CsvScanner(reader->header_.size(), limits.max_csv_row_bytes);
  reader->scanner_.start(
      std::string_view(reader->buffer_).substr(0, reader->used_), next,
      reader->is_at_end_);
  return reader;
}

/// Drops what is in front of record_begin_ and reads on behind what is left.
std::optional<Error> CsvReader::read_more() {
  lines_before_ += static_cast<std::uint64_t>(std::count(
      buffer_.begin(),
      buffer_.begin() + static_cast<std::ptrdiff_t>(record_begin_), '\n'));
  std::memmove(buffer_.data(), buffer_.data() + record_begin_,
               used_ - record_begin_);
  used_ -= record_begin_;
  record_begin_ = 0;
  if (buffer_.size() < used_ + kReadBytes) buffer_.resize(used_ + kReadBytes);
  const auto got = input_->read(buffer_.data() + used_, kReadBytes);
  if (!got) return got.error();
  used_ += *got;
  is_at_end_ = *got == 0;
  return std::nullopt;
}

/// Skips to behind the next line end.
std::optional<Error> CsvReader::skip_line() {
  for (;;) {
    record_begin_ = used_;
    if (auto error = read_more()) return error;
    const std::size_t end =
        std::string_view(buffer_).substr(0, used_).find('\n');
    if (end == std::string_view::npos && !is_at_end_) continue;
    record_begin_ = std::min(end, used_ - 1) + 1;
    return std::nullopt;
  }
}

Result<bool> CsvReader::next(CsvRecord& record) {
  if (is_line_cut_) {
    if (auto error = skip_line()) return *std::move(error);
    scanner_.start(std::string_view(buffer_).substr(0, used_), record_begin_,
                   is_at_end_);
  }
  for (;;) {
    const CsvScanner::Step step = scanner_.next(record);
    record_begin_ = record.begin;
    is_line_cut_ = record.is_line_cut;
    if (step == CsvScanner::Step::kRecord) return true;
    if (step == CsvScanner::Step::kEnd) return false;
    if (auto error = read_more()) return *std::move(error);
    scanner_.start(std::string_view(buffer_).substr(0, used_), 0, is_at_end_);
  }
}

std::uint64_t CsvReader::line() const {
  return lines_before_ + 1 +
         static_cast<std::uint64_t>(std::count(
             buffer_.begin(),
             buffer_.begin() + static_cast<std::ptrdiff_t>(record_begin_),
             '\n'));
}

}  // namespace sdmeta
