#include "pipeline/captions.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/file_error.h"
#include "pipeline/latest_records.h"
#include "pipeline/lossless_text.h"
#include "pipeline/match.h"
#include "pipeline/name_filter.h"
#include "pipeline/output_place.h"
#include "pipeline/record_reader.h"
#include "pipeline/recorded_files.h"
#include "pipeline/schema.h"
#include "pipeline/signals.h"
#include "pipeline/spilled_captions.h"
#include "pipeline/whole_io.h"

namespace sdmeta {
namespace {

/// The system takes other names in that place, but not this one.
bool is_refused_name(int error) {
  return error == ENAMETOOLONG || error == EINVAL || error == EILSEQ ||
         error == EISDIR || error == ENOTDIR;
}

/// A folder or file that nobody may write; its neighbours may be others.
bool is_forbidden(int error) {
  return error == EACCES || error == EPERM || error == EROFS;
}

enum class Written { kYes, kExists, kRefusedName, kForbidden };

/// 0, or an errno.
int write_file(const std::string& path, std::string_view text,
               std::optional<mode_t> mode) {
  const int fd =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return errno;
  if (mode) ::fchmod(fd, *mode);
  const int error = write_all(fd, text);
  return ::close(fd) != 0 && error == 0 ? errno : error;
}

/// A caption gets its name once it is whole: half of one would be kept by the
/// next run, or have cost the one that was there.
Result<Written> write_caption(const std::string& path, std::string_view text,
                              bool force) {
  const std::string place = force ? output_place(path).path : path;
  struct stat old;
  const bool exists = ::lstat(place.c_str(), &old) == 0;
  if (exists && !force) return Written::kExists;
  if (exists && ::access(place.c_str(), W_OK) != 0) return Written::kForbidden;
  // Not the process's number: in containers that share a folder, each is 1.
  static const std::string name =
      ".sdmeta-" + std::to_string(std::random_device()());
  const std::string unfinished = SpillFile::folder_of(place) + name;
  remove_if_ended(unfinished);
  int error =
      write_file(unfinished, text,
                 exists ? std::optional(old.st_mode & 0777) : std::nullopt);
  if (error == 0 && ::rename(unfinished.c_str(), place.c_str()) != 0)
    error = errno;
  if (error == 0) return Written::kYes;
  ::unlink(unfinished.c_str());
  if (is_refused_name(error)) return Written::kRefusedName;
  if (is_forbidden(error)) return Written::kForbidden;
  return write_error(path + ": write", error);
}

/// Adds those parts of `name` that lie below its root: no "..", no leading '/'.
void append_folders(std::filesystem::path& path,
                    const std::filesystem::path& name) {
  for (const auto& part : name)
    if (part != ".." && part != "." && !part.has_root_path()) path /= part;
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
                    [](const NameKey& key) { return !key.is_doubtful; }))
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

/// The captions of all records, in order, and which records count.
struct Gathered {
  SpilledCaptions captions;
  LatestRecords latest;
  std::vector<bool> has_caption = {};    // of the records
  std::optional<Error> broken_end = {};  // costs what lies behind it
};

/// The values of a record that captions are made of.
enum RecordPart : std::size_t { kFile, kMember, kImageId, kText };

Caption caption_of(const std::vector<RecordValue>& values, bool is_mirrored,
                   const FolderNames& folder_names) {
  namespace fs = std::filesystem;
  const bool is_member = values[kMember].kind == RecordValue::Kind::kText;
  Caption caption;
  caption.image = values[is_member ? kMember : kFile].text;
  caption.text = values[kText].text;
  const std::string name = from_lossless_text(caption.image);
  caption.name = caption_name(name);
  if (is_mirrored) {
    fs::path folders;
    // An archive is a folder.
    if (is_member)
      append_folders(folders, from_lossless_text(values[kFile].text));
    append_folders(folders, fs::path(name).parent_path());
    caption.folders = folders.string();
  } else if (const std::string folder_name = folder_names.of(
                 values[kFile].text, values[kMember].text, values[kImageId]);
             !folder_name.empty()) {
    caption.name = folder_name + ".txt";
  }
  return caption;
}

Result<Gathered> gather(RecordReader& reader, const CaptionsOptions& options,
                        CaptionsCounts& counts) {
  using Kind = RecordValue::Kind;
  auto spilled = SpilledCaptions::in(options.directory + '/');
  if (!spilled) return spilled.error();
  Gathered gathered{std::move(*spilled), {}};
  const std::string field = "generation." + options.field;
  const std::vector<std::string_view> paths = {"file", "member", "image_id",
                                               field};
  std::vector<RecordValue> values;
  const FolderNames folder_names;
  for (;;) {
    const auto has_record = reader.next(paths, kFile, values);
    if (!has_record) gathered.broken_end = has_record.error();
    if (!has_record || !*has_record) break;
    ++counts.records;
    std::optional<std::string_view> member;
    if (values[kMember].kind == Kind::kText) member = values[kMember].text;
    gathered.latest.add(values[kFile].text, member);
    const Kind text = values[kText].kind;
    const bool has_caption = text != Kind::kMissing && text != Kind::kNull;
    gathered.has_caption.push_back(has_caption);
    if (!has_caption) continue;
    Caption caption = caption_of(values, options.is_mirrored, folder_names);
    caption.line_number = reader.line_number();
    if (auto failed = gathered.captions.append(caption))
      return *std::move(failed);
  }
  counts.bad_records = reader.bad_lines();
  if (!gathered.broken_end) gathered.broken_end = reader.refuse_other_file();
  gathered.latest.settle();
  if (auto failed = gathered.captions.flush()) return *std::move(failed);
  return gathered;
}

/// Writes captions to their files; what has no file is counted and reported.
class CaptionWriter {
 public:
  CaptionWriter(const CaptionsOptions& options, const Report& report,
                CaptionsCounts& counts)
      : options_(options),
        counts_(counts),
        clashes_(report),
        refused_names_(report),
        forbidden_(report) {}

  std::optional<Error> write(const Caption& caption) {
    namespace fs = std::filesystem;
    fs::path path = options_.directory;
    if (!caption.folders.empty()) {
      path /= caption.folders;
      std::error_code failure;
      fs::create_directories(path, failure);
      if (failure && is_refused_name(failure.value())) {
        refuse_name(path.string(), caption);
        return std::nullopt;
      }
      if (failure && is_forbidden(failure.value())) {
        note_forbidden(path.string(), caption);
        return std::nullopt;
      }
      if (failure)
        return write_error(path.string() + ": make folder", failure.value());
    }
    path /= caption.name;
    const RecordedFiles::Key key =
        RecordedFiles::key(path.string(), std::nullopt, std::nullopt);
    if (captions_.contains(key)) {
      note_clash(path.string(), caption);
      return std::nullopt;
    }
    captions_.add(key);
    const auto written = write_caption(path, caption.text, options_.force);
    if (!written) return written.error();
    switch (*written) {
      case Written::kYes: ++counts_.written; break;
      case Written::kExists: ++counts_.kept; break;
      case Written::kRefusedName: refuse_name(path.string(), caption); break;
      case Written::kForbidden: note_forbidden(path.string(), caption); break;
    }
    return std::nullopt;
  }

 private:
  void refuse_name(const std::string& path, const Caption& caption) {
    ++counts_.refused_names;
    refused_names_.add(options_.records,
                       Error{ErrorCode::kUnwritable,
                             path + " is no name that a file can have here"},
                       [&] { return caption.line_number; });
  }

  void note_forbidden(const std::string& path, const Caption& caption) {
    ++counts_.forbidden;
    forbidden_.add(options_.records,
                   Error{ErrorCode::kUnwritable, path + " may not be written"},
                   [&] { return caption.line_number; });
  }

  void note_clash(const std::string& path, const Caption& caption) {
    ++counts_.clashes;
    clashes_.add(
        options_.records,
        Error{ErrorCode::kDuplicateRow,
              path + " was written for an earlier record; this one of '" +
                  caption.image + "' has no caption" +
                  (options_.is_mirrored ? ""
                                        : " (--mirror keeps folders apart)")},
        [&] { return caption.line_number; });
  }

  const CaptionsOptions& options_;
  CaptionsCounts& counts_;
  RecordedFiles captions_;  // of this run, by path
  BadLineReports clashes_;
  BadLineReports refused_names_;
  BadLineReports forbidden_;
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
  auto reader = RecordReader::open(options.records, report);
  if (!reader) return reader.error();
  std::error_code failure;
  std::filesystem::create_directories(options.directory, failure);
  if (failure)
    return write_error(options.directory + ": make folder", failure.value());

  CaptionsCounts counts;
  auto gathered = gather(**reader, options, counts);
  if (!gathered) return gathered.error();
  CaptionWriter writer(options, report, counts);
  Caption caption;
  for (std::uint32_t i = 0; i < gathered->latest.size(); ++i) {
    const bool has_caption = gathered->has_caption[i];
    if (has_caption)
      if (auto failed = gathered->captions.next(caption))
        return *std::move(failed);
    if (gathered->latest.is_replaced(i)) {
      ++counts.replaced;
    } else if (!has_caption) {
      ++counts.without_field;
    } else if (auto failed = writer.write(caption)) {
      return *std::move(failed);
    }
  }
  if (gathered->broken_end) return *std::move(gathered->broken_end);
  if (counts.forbidden > 0)
    return Error{ErrorCode::kUnwritable,
                 options.directory + ": " + to_text(counts)};
  return counts;
}

std::string to_text(const CaptionsCounts& counts) {
  std::string text = counted(counts.records, "record") + ": " +
                     counted(counts.written, "caption") + " written";
  append_count(text, counts.replaced, " replaced by a later one of their file");
  append_count(text, counts.without_field, " without the field");
  append_count(text, counts.kept, " kept (they exist; --force overwrites)");
  append_counted(text, counts.clashes, "name", " taken already");
  append_counted(text, counts.refused_names, "name", " that no file can have");
  append_counted(text, counts.forbidden, "caption", " that may not be written");
  append_counted(text, counts.bad_records, "line", " without a record");
  return text;
}

}  // namespace sdmeta
