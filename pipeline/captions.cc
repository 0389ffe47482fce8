#include "pipeline/captions.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/file_error.h"
#include "pipeline/jsonl_reader.h"
#include "pipeline/latest_records.h"
#include "pipeline/lossless_text.h"
#include "pipeline/match.h"
#include "pipeline/name_filter.h"
#include "pipeline/recorded_files.h"
#include "pipeline/schema.h"
#include "pipeline/spill_file.h"
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

/// A record's caption, before it is known that no later record replaces it.
struct Caption {
  std::uint64_t line_number = 0;  // of the record
  std::string image;              // as the record names it
  std::string folders;            // below the captions' folder
  std::string name;
  std::string text;
};

/// Captions set aside in order, and read again in order.
class SpilledCaptions {
 public:
  static Result<SpilledCaptions> in(const std::string& folder) {
    constexpr std::size_t kBufferBytes = 1 << 20;
    auto spill = SpillFile::create(folder, kBufferBytes);
    if (!spill) return spill.error();
    return SpilledCaptions(std::move(*spill));
  }

  std::optional<Error> append(const Caption& caption) {
    const Head head = {caption.line_number, caption.image.size(),
                       caption.folders.size(), caption.name.size(),
                       caption.text.size()};
    bytes_.assign(reinterpret_cast<const char*>(head.data()), sizeof head);
    bytes_ += caption.image + caption.folders + caption.name + caption.text;
    return spill_->append(bytes_);
  }
  std::optional<Error> flush() { return spill_->flush(); }

  std::optional<Error> next(Caption& caption) {
    Head head{};
    if (auto error = read(sizeof head)) return error;
    std::memcpy(head.data(), bytes_.data(), sizeof head);
    caption.line_number = head[0];
    std::size_t i = 1;
    for (std::string* const part :
         {&caption.image, &caption.folders, &caption.name, &caption.text}) {
      if (auto error = read(head[i++])) return error;
      part->swap(bytes_);
    }
    return std::nullopt;
  }

 private:
  using Head = std::array<std::uint64_t, 5>;

  explicit SpilledCaptions(std::unique_ptr<SpillFile> spill)
      : spill_(std::move(spill)) {}
  std::optional<Error> read(std::uint64_t size) {
    const std::uint64_t begin = position_;
    position_ += size;
    return spill_->read(begin, position_, bytes_);
  }

  std::unique_ptr<SpillFile> spill_;
  std::uint64_t position_ = 0;
  std::string bytes_;
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
  auto spilled = SpilledCaptions::in(options.directory + '/');
  if (!spilled) return spilled.error();
  RecordParser parser;
  std::vector<RecordValue> values;
  LatestRecords latest;
  std::vector<bool> has_caption;  // of the records
  CaptionsCounts counts;
  BadLineReports bad_lines(report);
  const FolderNames folder_names;
  Caption caption;
  std::optional<Error> broken_end;  // costs what lies behind it
  for (;;) {
    const auto line = (*reader)->next();
    if (!line) broken_end = line.error();
    if (!line || !*line) break;
    auto error = parser.values(**line, paths, values);
    if (!error && values[0].kind != Kind::kText)
      error = Error{ErrorCode::kMalformed, "not a record of sdmeta: no file",
                    std::nullopt};
    if (error) {
      ++counts.bad_records;
      bad_lines.add(options.records, *error,
                    [&] { return (*reader)->line_number(); });
      continue;
    }
    ++counts.records;
    const RecordValue& text = values[3];
    const bool is_member = values[1].kind == Kind::kText;
    std::optional<std::string_view> member;
    if (is_member) member = values[1].text;
    latest.add(values[0].text, member);
    has_caption.push_back(text.kind != Kind::kMissing &&
                          text.kind != Kind::kNull);
    if (!has_caption.back()) continue;

    caption.line_number = (*reader)->line_number();
    caption.image = values[is_member ? 1 : 0].text;
    caption.text = text.text;
    const std::string name = from_lossless_text(caption.image);
    std::string folder_name;
    fs::path folders;
    if (options.is_mirrored) {
      // An archive is a folder.
      if (is_member)
        append_folders(folders, from_lossless_text(values[0].text));
      append_folders(folders, fs::path(name).parent_path());
    } else {
      folder_name = folder_names.of(values[0].text, values[1].text, values[2]);
    }
    caption.folders = folders.string();
    caption.name =
        folder_name.empty() ? caption_name(name) : folder_name + ".txt";
    if (auto failed = spilled->append(caption)) return *std::move(failed);
  }
  if (!broken_end)
    broken_end = refuse_without_records(options.records, counts.records,
                                        counts.bad_records);
  latest.settle();
  if (auto failed = spilled->flush()) return *std::move(failed);

  RecordedFiles captions;  // of this run, by path
  BadLineReports clashes(report);
  BadLineReports refused_names(report);
  const auto line_number = [&] { return caption.line_number; };
  const auto refuse_name = [&](const fs::path& path) {
    ++counts.refused_names;
    refused_names.add(
        options.records,
        Error{ErrorCode::kUnwritable,
              path.string() + " is no name that a file can have here",
              std::nullopt},
        line_number);
  };
  for (std::uint32_t i = 0; i < latest.size(); ++i) {
    if (has_caption[i])
      if (auto failed = spilled->next(caption)) return *std::move(failed);
    if (latest.is_replaced(i)) {
      ++counts.replaced;
      continue;
    }
    if (!has_caption[i]) {
      ++counts.without_field;
      continue;
    }
    fs::path path = root;
    if (!caption.folders.empty()) {
      path /= caption.folders;
      fs::create_directories(path, failure);
      if (failure && is_refused_name(failure.value())) {
        refuse_name(path);
        continue;
      }
      if (failure)
        return write_error(path.string() + ": make folder", failure.value());
    }
    path /= caption.name;
    const RecordedFiles::Key key =
        RecordedFiles::key(path.string(), std::nullopt, std::nullopt);
    if (captions.contains(key)) {
      ++counts.clashes;
      clashes.add(
          options.records,
          Error{ErrorCode::kDuplicateRow,
                path.string() +
                    " was written for an earlier record; this one of '" +
                    caption.image + "' has no caption" +
                    (options.is_mirrored ? ""
                                         : " (--mirror keeps folders apart)"),
                std::nullopt},
          line_number);
      continue;
    }
    captions.add(key);
    const auto written = write_caption(path, caption.text, options.force);
    if (!written) return written.error();
    switch (*written) {
      case Written::kYes: ++counts.written; break;
      case Written::kExists: ++counts.kept; break;
      case Written::kRefusedName: refuse_name(path); break;
    }
  }
  if (broken_end) return *std::move(broken_end);
  return counts;
}

std::string to_text(const CaptionsCounts& counts) {
  std::string text = std::to_string(counts.records) +
                     " records: " + std::to_string(counts.written) +
                     " captions written";
  append_count(text, counts.replaced, " replaced by a later one of their file");
  append_count(text, counts.without_field, " without the field");
  append_count(text, counts.kept, " kept (they exist; --force overwrites)");
  append_count(text, counts.clashes, " name clashes");
  append_count(text, counts.refused_names, " names that no file can have");
  append_count(text, counts.bad_records, " lines that are no record");
  return text;
}

}  // namespace sdmeta
