#include "pipeline/old_output.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/decompressor.h"
#include "pipeline/file_error.h"
#include "pipeline/jsonl_reader.h"
#include "pipeline/lossless_text.h"
#include "pipeline/record.h"
#include "pipeline/record_parser.h"
#include "pipeline/whole_io.h"

namespace sdmeta {
namespace {

constexpr std::size_t kReadBytes = 1u << 20;

Error somebody_elses(std::uint64_t line) {
  return Error{ErrorCode::kCorrupt,
               "line " + std::to_string(line) +
                   " is no record of this program; name another output"};
}

RecordedAs recorded_as(const RecordHead& head) {
  for (std::size_t i = 0; i < kStatusCount; ++i) {
    const auto status = static_cast<Status>(i);
    if (status_name(status) == head.status)
      return recorded_as(status, head.is_damaged);
  }
  return RecordedAs::kFailed;
}

/// Takes lines apart as they arrive in pieces of any size.
class LineReader {
 public:
  /// Names of the whole lines seen so far that have not been taken.
  std::vector<RecordName>& names() { return names_; }
  /// Bytes after the last newline.
  std::string_view rest() const { return rest_; }

  std::optional<Error> add(std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t newline = piece.find('\n');
      // A line that is no record may be as long as the file: it is not held.
      if (may_be_record()) rest_.append(piece, 0, newline);
      if (newline == piece.npos) break;
      piece.remove_prefix(newline + 1);
      ++line_;
      if (!read_record()) return somebody_elses(line_);
      rest_.clear();
    }
    // Behind records it may be what a crash of the machine left.
    if (line_ == 0 && !may_be_record()) return somebody_elses(1);
    return std::nullopt;
  }

 private:
  /// False once what there is of the line does not begin like a record.
  bool may_be_record() const {
    const std::size_t length = std::min(rest_.size(), kRecordStart.size());
    return kRecordStart.starts_with(
               std::string_view(rest_).substr(0, length)) &&
           rest_.size() <= JsonlReader::kMaxLineBytes;
  }

  bool read_record() {
    if (rest_.size() < kRecordStart.size() || !may_be_record() ||
        !rest_.ends_with("]}"))
      return false;
    rest_.reserve(rest_.size() + JsonlReader::kPadding);
    Result<RecordHead> head = parser_.head(rest_);
    if (!head) return false;
    names_.push_back({from_lossless_text(head->file),
                      head->member
                          ? std::optional(from_lossless_text(*head->member))
                          : std::nullopt,
                      head->image_bytes, recorded_as(*head)});
    return true;
  }

  RecordParser parser_;
  std::string rest_;
  std::vector<RecordName> names_;
  std::uint64_t line_ = 0;
};

/// Turns the bytes of a file into text and says where it may be cut. The text
/// of one step ends at a cut, or has none.
class Unpacker {
 public:
  struct Step {
    std::size_t taken = 0;  // of the bytes offered
    std::string_view text;  // valid until the next step
    bool is_whole = false;  // the file may be cut after `taken`
    bool has_more = false;  // there is more text without more bytes
  };

  explicit Unpacker(Compression compression) {
    if (compression == Compression::kNone) return;
    decompressor_ = Decompressor::make(compression);
    text_.resize(kReadBytes);
  }

  Result<Step> step(std::string_view offered) {
    if (decompressor_ == nullptr) return lines_of(offered);
    const auto step = decompressor_->step(offered, text_);
    if (!step) return Error{ErrorCode::kCorrupt, step.error().detail};
    return Step{step->taken,
                {text_.data(), step->written},
                step->is_at_end,
                step->has_more};
  }

 private:
  static Step lines_of(std::string_view offered) {
    const std::size_t newline = offered.rfind('\n');
    const bool has_line_end = newline != offered.npos;
    const std::size_t taken = has_line_end ? newline + 1 : offered.size();
    return {taken, offered.substr(0, taken), has_line_end, false};
  }

  std::unique_ptr<Decompressor> decompressor_;  // none: plain text
  std::vector<char> text_;
};

}  // namespace

Result<OldOutput> read_old_output(
    int fd, Compression compression,
    const std::function<void(const RecordName&)>& found) {
  Unpacker unpacker(compression);
  LineReader lines;
  OldOutput old;
  std::uint64_t position = 0;  // of what the unpacker has taken
  std::uint64_t offset = 0;    // of what has been read
  std::vector<char> buffer(kReadBytes);
  while (true) {
    const WholeRead got = read_all_at(fd, offset, buffer);
    if (got.error != 0) return file_error("read", got.error);
    if (got.bytes == 0) break;
    offset += got.bytes;
    std::string_view piece(buffer.data(), got.bytes);
    bool has_more = true;
    while (has_more) {
      const Result<Unpacker::Step> step = unpacker.step(piece);
      if (!step) return step.error();
      piece.remove_prefix(step->taken);
      position += step->taken;
      has_more = !piece.empty() || step->has_more;
      if (std::optional<Error> error = lines.add(step->text)) return *error;
      if (!step->is_whole) continue;
      if (!lines.rest().empty())
        return Error{ErrorCode::kCorrupt, "ends inside a line", position};
      for (const RecordName& name : lines.names()) found(name);
      old.records += lines.names().size();
      lines.names().clear();
      old.whole_bytes = position;
    }
  }
  return old;
}

}  // namespace sdmeta
