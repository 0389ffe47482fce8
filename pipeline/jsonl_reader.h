// The lines of what `sdmeta extract` wrote, in bounded memory: of plain, .gz or
// .zst files.
//
//   auto reader = JsonlReader::open("out.jsonl.zst");
//   while (auto line = (*reader)->next(); line && *line) use(**line);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "extractor/error.h"
#include "pipeline/text_input.h"

namespace sdmeta {

class JsonlReader {
 public:
  /// Bytes behind a line that may be read, as simdjson asks for.
  static constexpr std::size_t kPadding = 64;
  /// A record with --raw can hold all text of an image, escaped.
  static constexpr std::size_t kMaxLineBytes = std::size_t{1} << 30;

  /// "-" is standard input.
  static Result<std::unique_ptr<JsonlReader>> open(const std::string& path);

  /// The next line without its '\n', which the last may lack; nothing at the
  /// end. The view is valid until the next call, and `kPadding` bytes behind it
  /// are readable. An error of a cut or broken compressed file comes after every
  /// line in front of it.
  Result<std::optional<std::string_view>> next();

  /// Of the line returned last, from 1.
  std::uint64_t line_number() const { return line_number_; }

 private:
  explicit JsonlReader(std::unique_ptr<TextInput> input, std::string path)
      : input_(std::move(input)), path_(std::move(path)) {}
  std::optional<Error> read_more();

  std::unique_ptr<TextInput> input_;
  std::string path_;
  std::string buffer_;     // text read and not yet returned, then padding
  std::size_t begin_ = 0;  // of the next line, in buffer_
  std::size_t end_ = 0;    // of the text in buffer_
  std::uint64_t line_number_ = 0;
  bool is_at_end_ = false;
};

}  // namespace sdmeta
