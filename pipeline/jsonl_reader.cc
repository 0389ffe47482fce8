#include "pipeline/jsonl_reader.h"

#include <algorithm>
#include <cstring>

namespace sdmeta {

Result<std::unique_ptr<JsonlReader>> JsonlReader::open(
    const std::string& path) {
  auto input = TextInput::open(path);
  if (!input) return input.error();
  return std::unique_ptr<JsonlReader>(new JsonlReader(std::move(*input), path));
}

/// Reads on behind what is left of the buffer.
std::optional<Error> JsonlReader::read_more() {
  constexpr std::size_t kReadBytes = 256 << 10;
  if (begin_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ > kMaxLineBytes)
    return Error{ErrorCode::kFieldTooLarge,
                 path_ + ": line " + std::to_string(line_number_ + 1) +
                     " is longer than " + std::to_string(kMaxLineBytes) +
                     " bytes"};
  const std::size_t room = std::max(kReadBytes, end_);
  if (buffer_.size() < end_ + room + kPadding)
    buffer_.resize(end_ + room + kPadding);
  const auto got = input_->read(buffer_.data() + end_, room);
  if (!got) return got.error();
  end_ += *got;
  is_at_end_ = *got == 0;
  return std::nullopt;
}

Result<std::optional<std::string_view>> JsonlReader::next() {
  std::size_t searched = 0;  // bytes of the line known to hold no '\n'
  for (;;) {
    const std::string_view text(buffer_.data() + begin_, end_ - begin_);
    const std::size_t length = text.find('\n', searched);
    const bool has_end = length != text.npos;
    if (!has_end && !is_at_end_) {
      searched = text.size();
      if (auto error = read_more()) return *std::move(error);
      continue;
    }
    if (!has_end && text.empty()) return std::optional<std::string_view>();
    begin_ += has_end ? length + 1 : text.size();
    ++line_number_;
    return std::optional(text.substr(0, length));
  }
}

}  // namespace sdmeta
