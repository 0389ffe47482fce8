#include "pipeline/captions.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "pipeline/file_error.h"
#include "pipeline/jsonl_reader.h"
#include "pipeline/lossless_text.h"
#include "pipeline/name_filter.h"
#include "pipeline/recorded_files.h"
#include "pipeline/schema.h"

namespace sdmeta {
namespace {

enum class Written { kYes, kExists };

Result<Written> write_caption(const std::string& path, std::string_view text,
                              bool force) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
  const int fd = ::open(path.c_str(), flags, 0666);
  if (fd < 0 && errno == EEXIST) return Written::kExists;
  if (fd < 0) return write_error(path + ": open", errno);
  int error = 0;
  while (!text.empty() && error == 0) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0) text.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR) error = errno;
  }
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error == 0) return Written::kYes;
  if (!force) ::unlink(path.c_str());  // half a caption is none
  return write_error(path + ": write", error);
}

/// The folders of `name` that lie below its root: no "..", no leading '/'.
std::filesystem::path folders_of(const std::string& name) {
  std::filesystem::path folders;
  for (const auto& part : std::filesystem::path(name).parent_path())
    if (part != ".." && part != "." && !part.has_root_path()) folders /= part;
  return folders;
}

/// The name of the caption: the image's with .txt for its extension.
std::string caption_name(std::string_view name) {
  std::string stem(base_name(name));
  const std::size_t dot = stem.rfind('.');
  if (dot != std::string::npos && dot != 0) stem.resize(dot);
  return stem + ".txt";
}

}  // namespace

std::vector<std::string> caption_fields() {
  std::vector<std::string> fields;
  for (const SchemaMember& part : record_schema()) {
    if (part.name != "generation") continue;
    for (const SchemaMember& member : part.members)
      if (!member.is_list && member.kind != ValueKind::kObject)
        fields.emplace_back(member.name);
  }
  return fields;
}

Result<CaptionsCounts> run_captions(const CaptionsOptions& options,
                                    const Report& report) {
  namespace fs = std::filesystem;
  auto reader = JsonlReader::open(options.records);
  if (!reader) return reader.error();
  const fs::path root = options.directory;
  std::error_code failure;
  fs::create_directories(root, failure);
  if (failure)
    return write_error(options.directory + ": make folder", failure.value());

  const std::string field = "generation." + options.field;
  const std::vector<std::string_view> paths = {"file", "member", field};
  using Kind = RecordValue::Kind;
  RecordParser parser;
  std::vector<RecordValue> values;
  RecordedFiles captions;  // of this run, by path
  CaptionsCounts counts;
  const auto line_number = [&] { return (*reader)->line_number(); };
  BadLineReports bad_lines(report);
  BadLineReports clashes(report);
  for (;;) {
    const auto line = (*reader)->next();
    if (!line) return line.error();
    if (!*line) break;
    auto error = parser.values(**line, paths, values);
    if (!error && values[0].kind != Kind::kText)
      error = Error{ErrorCode::kMalformed, "not a record of sdmeta: no file",
                    std::nullopt};
    if (error) {
      ++counts.bad_records;
      bad_lines.add(options.records, *error, line_number);
      continue;
    }
    ++counts.records;
    if (values[2].kind == Kind::kMissing || values[2].kind == Kind::kNull) {
      ++counts.without_field;
      continue;
    }
    const RecordValue& named =
        values[1].kind == Kind::kText ? values[1] : values[0];
    const std::string name = from_lossless_text(named.text);
    fs::path path = root;
    if (options.is_mirrored) {
      path /= folders_of(name);
      fs::create_directories(path, failure);
      if (failure)
        return write_error(path.string() + ": make folder", failure.value());
    }
    path /= caption_name(name);
    const RecordedFiles::Key caption =
        RecordedFiles::key(path.string(), std::nullopt, std::nullopt);
    if (captions.contains(caption)) {
      ++counts.clashes;
      clashes.add(
          options.records,
          Error{ErrorCode::kDuplicateRow,
                path.string() +
                    " was written for an earlier record; this one of '" +
                    named.text + "' has no caption" +
                    (options.is_mirrored ? ""
                                         : " (--mirror keeps folders apart)"),
                std::nullopt},
          line_number);
      continue;
    }
    captions.add(caption);
    const auto written = write_caption(path, values[2].text, options.force);
    if (!written) return written.error();
    ++(*written == Written::kYes ? counts.written : counts.kept);
  }
  if (auto refused = refuse_without_records(options.records, counts.records,
                                            counts.bad_records))
    return *std::move(refused);
  return counts;
}

std::string to_text(const CaptionsCounts& counts) {
  std::string text = std::to_string(counts.records) + " records: " +
                     std::to_string(counts.written) + " captions written";
  append_count(text, counts.without_field, " without the field");
  append_count(text, counts.kept, " kept (they exist; --force overwrites)");
  append_count(text, counts.clashes, " name clashes");
  append_count(text, counts.bad_records, " lines that are no record");
  return text;
}

}  // namespace sdmeta
