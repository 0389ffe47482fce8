#include "pipeline/record_reader.h"

namespace sdmeta {

Result<std::unique_ptr<RecordReader>> RecordReader::open(
    const std::string& path, const Report& report) {
  auto lines = JsonlReader::open(path);
  if (!lines) return lines.error();
  return std::unique_ptr<RecordReader>(
      new RecordReader(std::move(*lines), path, report));
}

/// `parse` is given lines until it finds nothing wrong with one.
template <class Parse>
Result<bool> RecordReader::next_of(Parse&& parse) {
  for (;;) {
    const auto line = lines_->next();
    if (!line) return line.error();
    if (!*line) return false;
    const std::optional<Error> error = parse(**line);
    if (!error) {
      ++records_;
      return true;
    }
    ++bad_lines_;
    reports_.add(path_, *error, [&] { return line_number(); });
  }
}

Result<bool> RecordReader::next(RecordHead& head) {
  return next_of([&](std::string_view line) -> std::optional<Error> {
    Result<RecordHead> parsed = parser_.head(line);
    if (!parsed) return parsed.error();
    head = *std::move(parsed);
    return std::nullopt;
  });
}

Result<bool> RecordReader::next(std::span<const std::string_view> paths,
                                std::size_t required,
                                std::vector<RecordValue>& values) {
  return next_of([&](std::string_view line) {
    std::optional<Error> error = parser_.values(line, paths, values);
    if (!error && values[required].kind != RecordValue::Kind::kText)
      error = Error{ErrorCode::kMalformed, "not a record of sdmeta: no " +
                                               std::string(paths[required])};
    return error;
  });
}

std::optional<Error> RecordReader::refuse_other_file() const {
  if (records_ > 0 || bad_lines_ == 0) return std::nullopt;
  return Error{ErrorCode::kMalformed,
               path_ + ": not one of its lines is a record of sdmeta extract"};
}

}  // namespace sdmeta
