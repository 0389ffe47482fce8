#include "pipeline/csv_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "parsers/text.h"
#include "pipeline/directory.h"
#include "pipeline/file_error.h"

namespace sdmeta {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;
constexpr std::size_t kHeldBlockBytes = 1 << 20;
constexpr std::string_view kBom = "\xEF\xBB\xBF";

constexpr std::array<std::string_view, 9> kColumnNames = {
    "id",         "image_url",    "user_id", "username", "nsfw_level",
    "created_at", "published_at", "tag_ids", "image_id"};

Error missing_column(std::string detail) {
  return {ErrorCode::kMissingColumn, std::move(detail), std::nullopt};
}

Error in_file(const std::string& path, const Error& error) {
  return {error.code, path + ": " + error.detail, error.offset};
}

/// What of a cell is its number, quoted or not. pandas writes whole numbers as
/// 12.0 in columns that have empty cells.
std::string_view number_text(std::string_view cell) {
  if (cell.size() >= 2 && cell.front() == '"')
    cell = cell.substr(1, cell.size() - 2);
  while (cell.starts_with(' ')) cell.remove_prefix(1);
  while (cell.ends_with(' ')) cell.remove_suffix(1);
  if (cell.ends_with(".0")) cell.remove_suffix(2);
  return cell;
}

bool read_number_cell(std::string_view cell,
                      std::optional<std::uint64_t>& number) {
  const std::string_view text = number_text(cell);
  number.reset();
  if (text.empty()) return true;
  number = parse_image_number(text);
  return number.has_value() && *number <= INT64_MAX;
}

/// Why read_number_cell() does not take a cell.
std::string_view number_fault(std::string_view cell) {
  std::string_view text = number_text(cell);
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit))
    return "not a number";
  if (is_negative) return "a negative number";
  return text.front() == '0' ? "a number with leading zeros"
                             : "a number above 2^63-1";
}

/// The first line end outside quotes is a CR alone: that ends no record.
bool ends_lines_with_cr(std::string_view text) {
  bool is_quoted = false;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '"') is_quoted = !is_quoted;
    if (is_quoted) continue;
    if (text[i] == '\n') return false;
    if (text[i] == '\r') return text[i + 1] != '\n' && text[i + 1] != '\r';
  }
  return false;
}

std::string quoted(std::string_view cell) {
  constexpr std::size_t kShown = 60;
  std::string text(cell.substr(0, kShown));
  if (cell.size() > kShown) text += "...";
  return "'" + text + "'";
}

}  // namespace

std::optional<std::size_t> CsvHeader::find(CsvColumn column) const {
  const std::uint16_t at = positions_[static_cast<std::size_t>(column)];
  if (at == kAbsent) return std::nullopt;
  return at;
}

std::string_view CsvHeader::cell(const CsvRecord& record,
                                 CsvColumn column) const {
  const std::uint16_t at = positions_[static_cast<std::size_t>(column)];
  return at < record.cells() ? record.cell(at) : std::string_view();
}

void CsvHeader::set_columns(const CsvRecord& record) {
  positions_.fill(kAbsent);
  for (std::size_t i = 0; i < record.cells(); ++i) {
    names.push_back(csv_value(record.cell(i)));
    std::string name = lower(names.back());
    std::erase_if(name, [](char c) { return c == ' ' || c == '\t'; });
    const auto known =
        std::find(kColumnNames.begin(), kColumnNames.end(), name);
    const auto column = static_cast<std::size_t>(known - kColumnNames.begin());
    const bool is_new =
        known != kColumnNames.end() && positions_[column] == kAbsent;
    if (is_new) positions_[column] = static_cast<std::uint16_t>(i);
    columns.push_back(is_new ? static_cast<CsvColumn>(column)
                             : CsvColumn::kOther);
  }
}

Result<CsvHeader> CsvHeader::read(std::string_view text, bool is_final,
                                  const Limits& limits, std::size_t& next) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return Error{ErrorCode::kBadText, "the text is UTF-16; save it as UTF-8",
                 std::nullopt};
  if (ends_lines_with_cr(text))
    return Error{ErrorCode::kBadText,
                 "the first line ends with CR alone, as on old Macs; save the "
                 "file with LF or CRLF line ends",
                 std::nullopt};
  CsvScanner scanner(0, limits.max_csv_row_bytes);
  scanner.start(text, text.starts_with(kBom) ? kBom.size() : 0, is_final);
  CsvRecord record;
  if (scanner.next(record) != CsvScanner::Step::kRecord)
    return missing_column(
        "the file is empty; its first line must name the columns, image_id or "
        "image_url among them");
  if (!record.fault.empty())
    return missing_column("the header cannot be read: " + record.fault);
  if (record.cells() > kMaxColumns)
    return missing_column("the header has " + std::to_string(record.cells()) +
                          " columns, at most " + std::to_string(kMaxColumns) +
                          " are read");
  next = record.next;
  CsvHeader header;
  header.text = record.text;
  header.set_columns(record);
  if (header.find(CsvColumn::kImageId) || header.find(CsvColumn::kImageUrl))
    return header;
  std::string detail =
      "no column image_id or image_url; the header is " + quoted(header.text);
  if (header.size() == 1 &&
      header.text.find_first_of(";\t") != std::string::npos)
    detail += ", and only commas separate columns here";
  return missing_column(std::move(detail));
}

bool read_row_keys(const CsvHeader& header, const CsvRecord& record,
                   RowKeys& keys, std::string& fault) {
  const std::string_view image_id = header.cell(record, CsvColumn::kImageId);
  if (!read_number_cell(image_id, keys.image_id)) {
    fault = "image_id is " + quoted(image_id) + ", ";
    fault += number_fault(image_id);
    return false;
  }
  std::string_view url = header.cell(record, CsvColumn::kImageUrl);
  if (url.starts_with('"')) url = url.substr(1, url.size() - 2);
  keys.uuid = parse_uuid(url);
  if (!keys.uuid && !url.empty()) keys.uuid = find_uuid(url);
  if (keys.image_id || keys.uuid) return true;
  fault = url.empty() ? "neither image_id nor image_url"
                      : "no image_id, and image_url is " + quoted(url) +
                            ", not a UUID";
  return false;
}

std::optional<std::uint64_t> read_row_id(const CsvHeader& header,
                                         const CsvRecord& record) {
  std::optional<std::uint64_t> id;
  if (!read_number_cell(header.cell(record, CsvColumn::kId), id)) id.reset();
  return id;
}

Result<std::vector<std::string>> list_csv_files(
    const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& given : paths) {
    const std::string path = given == "-" ? "/dev/stdin" : given;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
      return file_error(path + ": open", errno);
    if (!S_ISDIR(status.st_mode)) {
      files.push_back(path);
      continue;
    }
    const std::size_t before = files.size();
    DirectoryWalk walk(path, true);
    while (auto entry = walk.next()) {
      if (entry->error)
        return in_file(entry->path, *entry->error);
      if (is_hidden(base_name(entry->path))) continue;
      const std::string name = lower(base_name(entry->path));
      const bool is_csv = name.ends_with(".csv") || name.ends_with(".csv.gz") ||
                          name.ends_with(".csv.zst");
      // Opening a pipe would wait for somebody who writes to it.
      if (is_csv &&
          (entry->is_regular || ::stat(entry->path.c_str(), &status) != 0 ||
           S_ISREG(status.st_mode)))
        files.push_back(std::move(entry->path));
    }
    if (files.size() == before)
      return Error{ErrorCode::kUnreadable,
                   path + ": no .csv, .csv.gz or .csv.zst file in this folder",
                   std::nullopt};
  }
  return files;
}

Error changed_while_read(const std::string& path) {
  return {ErrorCode::kUnreadable,
          path +
              ": changed while it was read, so rows may have been missed; run "
              "again",
          std::nullopt};
}

Error not_utf8(std::string_view what_becomes_of_it) {
  std::string detail = "bytes that are no UTF-8, ";
  detail.append(what_becomes_of_it).append("; save the file as UTF-8");
  return {ErrorCode::kBadText, std::move(detail), std::nullopt};
}

namespace {

/// The user whose folder `path` lies in, `by_username/<user>/`; else empty.
std::string username_of_path(std::string_view path) {
  constexpr std::string_view kFolder = "by_username/";
  for (std::size_t at = path.find(kFolder); at != std::string_view::npos;
       at = path.find(kFolder, at + 1)) {
    if (at != 0 && path[at - 1] != '/') continue;
    const std::string_view rest = path.substr(at + kFolder.size());
    const std::size_t end = rest.find('/');
    if (end != std::string_view::npos && end != 0)
      return std::string(rest.substr(0, end));
  }
  return {};
}

}  // namespace

Result<CsvFile> CsvFile::open(const std::string& path, bool keep_open,
                              const Limits& limits) {
  CsvFile file;
  file.path_ = path;
  file.username_ = username_of_path(path);
  file.fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file.fd_ < 0) return file_error(path + ": open", errno);
  struct stat status {};
  if (::fstat(file.fd_, &status) != 0) return file_error(path + ": stat", errno);
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  file.state_ = file_state(status);

  // A pipe can be read only once, so its text is held like a compressed one.
  const auto input = TextInput::open(path);
  if (!input) return input.error();
  file.is_in_memory_ =
      (*input)->is_compressed() || !S_ISREG(status.st_mode);
  if (file.is_in_memory_) {
    if (auto error = file.hold(**input)) return *std::move(error);
    if (S_ISREG(status.st_mode) && file.has_another_state())
      return changed_while_read(path);
  }

  std::string head;
  for (std::size_t size = 4096;; size *= 4) {
    head.resize(size);
    const auto got = file.read_at(0, head.data(), size);
    if (!got) return got.error();
    const bool is_final = *got == file.size_;
    std::size_t next = 0;
    auto header = CsvHeader::read(std::string_view(head).substr(0, *got),
                                  is_final, limits, next);
    if (header) {
      file.header_ = *std::move(header);
      file.first_record_ = next;
      break;
    }
    // The header may only have been cut.
    if (is_final || *got < size || size > limits.max_csv_row_bytes)
      return in_file(path, header.error());
  }
  if (!keep_open || file.is_in_memory_) {
    ::close(file.fd_);
    file.fd_ = -1;
  }
  return file;
}

/// Reads all of `input` into blocks, which never move: a text that grows in one
/// piece would stand in memory twice.
std::optional<Error> CsvFile::hold(TextInput& input) {
  size_ = 0;
  for (;;) {
    const std::size_t used = size_ % kHeldBlockBytes;
    if (used == 0)
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(kHeldBlockBytes));
    const auto got =
        input.read(blocks_.back().get() + used, kHeldBlockBytes - used);
    if (!got) return got.error();
    if (*got == 0) return std::nullopt;
    size_ += *got;
  }
}

CsvFile::CsvFile(CsvFile&& other) noexcept
    : path_(std::move(other.path_)),
      username_(std::move(other.username_)),
      header_(std::move(other.header_)),
      size_(other.size_),
      state_(other.state_),
      first_record_(other.first_record_),
      fd_(std::exchange(other.fd_, -1)),
      is_in_memory_(other.is_in_memory_),
      blocks_(std::move(other.blocks_)) {}

CsvFile::~CsvFile() {
  if (fd_ >= 0) ::close(fd_);
}

bool CsvFile::has_another_state() const {
  struct stat status {};
  const int failed =
      fd_ >= 0 ? ::fstat(fd_, &status) : ::stat(path_.c_str(), &status);
  return failed != 0 || file_state(status) != state_;
}

bool CsvFile::is_changed() const {
  return !is_in_memory_ && has_another_state();
}

Result<std::size_t> CsvFile::read_at(std::uint64_t offset, char* out,
                                     std::size_t size) const {
  if (is_in_memory_) {
    size = static_cast<std::size_t>(
        std::min<std::uint64_t>(size, size_ - std::min(offset, size_)));
    for (std::size_t done = 0; done < size;) {
      const std::size_t at = (offset + done) % kHeldBlockBytes;
      const std::size_t part = std::min(size - done, kHeldBlockBytes - at);
      std::memcpy(out + done,
                  blocks_[(offset + done) / kHeldBlockBytes].get() + at, part);
      done += part;
    }
    return size;
  }
  const int fd =
      fd_ >= 0 ? fd_ : ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return file_error(path_ + ": open", errno);
  std::size_t done = 0;
  int error = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd, out + done, size - done,
                                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  if (fd != fd_) ::close(fd);
  if (error != 0) return file_error(path_ + ": read", error);
  return done;
}

std::uint64_t CsvLineCounter::line_at(std::uint64_t offset) {
  std::string text(kReadBytes, '\0');
  while (counted_ < offset) {
    const auto got =
        file_->read_at(counted_, text.data(),
                       static_cast<std::size_t>(std::min<std::uint64_t>(
                           kReadBytes, offset - counted_)));
    if (!got || *got == 0) break;
    line_ += static_cast<std::uint64_t>(std::count(
        text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*got), '\n'));
    counted_ += *got;
  }
  return line_;
}

CsvReader::CsvReader(std::unique_ptr<TextInput> input, const Limits& limits)
    : input_(std::move(input)),
      max_row_bytes_(limits.max_csv_row_bytes),
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
      return in_file(path, header.error());
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
  lines_before_ += static_cast<std::uint64_t>(
      std::count(buffer_.begin(),
                 buffer_.begin() + static_cast<std::ptrdiff_t>(record_begin_),
                 '\n'));
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
