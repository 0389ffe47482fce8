#include "pipeline/captions.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "pipeline/file_error.h"
#include "pipeline/jsonl_reader.h"
#include "pipeline/lossless_text.h"
#include "pipeline/match.h"
#include "pipeline/name_filter.h"
#include "pipeline/recorded_files.h"
#include "pipeline/schema.h"
#include "pipeline/write_all.h"

namespace sdmeta {
namespace {

/// The system takes other names in that place, but not this one.
bool is_refused_name(int error) {
  return error == ENAMETOOLONG || error == EINVAL || error == EILSEQ ||
         error == EISDIR || error == ENOTDIR;
}

enum class Written { kYes, kExists, kRefusedName };

Result<Written> write_caption(const std::string& path, std::string_view text,
                              bool force) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
  const int fd = ::open(path.c_str(), flags, 0666);
  if (fd < 0 && errno == EEXIST) return Written::kExists;
  if (fd < 0 && is_refused_name(errno)) return Written::kRefusedName;
  if (fd < 0) return write_error(path + ": open", errno);
  int error = write_all(fd, text);
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

/// The image's name with .txt for its extension.
std::string caption_name(std::string_view name) {
  std::string stem(base_name(name));
  const std::size_t dot = stem.rfind('.');
  if (dot != std::string::npos && dot != 0) stem.resize(dot);
  return stem + ".txt";
}

/// What an image is called where its own name says nothing but a folder's does,
/// so that all have the same name (`<uuid>/original=true`): as `sdmeta urls`
/// calls it. Empty for other images.
class FolderNames {
 public:
  std::string of(const std::string& file, const std::string& member,
                 const RecordValue& image_id) const {
    const std::string_view name = base_name(member.empty() ? file : member);
    const NameKeys own = stem_->keys(name, "");
    if (std::any_of(own.all().begin(), own.all().end(),
                    [](const NameKey& key) { return !key.may_be_time; }))
      return {};
    const NameKeys folders = folder_->keys(file, member);
    if (folders.all().empty()) return {};
    return image_id.kind == RecordValue::Kind::kJson
               ? image_id.text
               : to_text(folders.all().front().uuid);
  }

 private:
  Result<NameMatcher> stem_ = NameMatcher::make(MatchKey::kAny, "");
  Result<NameMatcher> folder_ = NameMatcher::make(MatchKey::kImageUrl, "");
};

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
  const std::vector<std::string_view> paths = {"file", "member", "image_id",
                                               field};
  using Kind = RecordValue::Kind;
  RecordParser parser;
  std::vector<RecordValue> values;
  RecordedFiles captions;  // of this run, by path
  CaptionsCounts counts;
  const auto line_number = [&] { return (*reader)->line_number(); };
  BadLineReports bad_lines(report);
  BadLineReports clashes(report);
  BadLineReports refused_names(report);
  const FolderNames folder_names;
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
    const RecordValue& text = values[3];
    if (text.kind == Kind::kMissing || text.kind == Kind::kNull) {
      ++counts.without_field;
      continue;
    }
    const RecordValue& named =
        values[1].kind == Kind::kText ? values[1] : values[0];
    const std::string name = from_lossless_text(named.text);
    const auto refuse_name = [&](const fs::path& path) {
      ++counts.refused_names;
      refused_names.add(
          options.records,
          Error{ErrorCode::kUnwritable,
                path.string() + " is no name that a file can have here",
                std::nullopt},
          line_number);
    };
    fs::path path = root;
    if (options.is_mirrored) {
      path /= folders_of(name);
      fs::create_directories(path, failure);
      if (failure && is_refused_name(failure.value())) {
        refuse_name(path);
        continue;
      }
      if (failure)
        return write_error(path.string() + ": make folder", failure.value());
    }
    std::string folder_name;
    if (!options.is_mirrored)
      folder_name = folder_names.of(values[0].text, values[1].text, values[2]);
    path /= folder_name.empty() ? caption_name(name) : folder_name + ".txt";
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
    const auto written = write_caption(path, text.text, options.force);
    if (!written) return written.error();
    switch (*written) {
      case Written::kYes: ++counts.written; break;
      case Written::kExists: ++counts.kept; break;
      case Written::kRefusedName: refuse_name(path); break;
    }
  }
  if (auto refused = refuse_without_records(options.records, counts.records,
                                            counts.bad_records))
    return *std::move(refused);
  return counts;
}

std::string to_text(const CaptionsCounts& counts) {
  std::string text = std::to_string(counts.records) +
                     " records: " + std::to_string(counts.written) +
                     " captions written";
  append_count(text, counts.without_field, " without the field");
  append_count(text, counts.kept, " kept (they exist; --force overwrites)");
  append_count(text, counts.clashes, " name clashes");
  append_count(text, counts.refused_names, " names that no file can have");
  append_count(text, counts.bad_records, " lines that are no record");
  return text;
}

}  // namespace sdmeta
