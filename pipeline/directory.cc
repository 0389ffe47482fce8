#include "pipeline/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "pipeline/file_error.h"
#include "pipeline/name_sorter.h"

namespace sdmeta {
enum class DirectoryWalk::Type : char {
  kFolder,
  kLink,
  kUnknown,
  kRegular,
  kOther
};

struct DirectoryWalk::Level {
  std::string path;  // ends in '/'
  NameSorter names;
  FileId id;
  std::optional<Error> error;  // the listing broke off
};

namespace {

/// In one piece of memory: the library's + takes two.
std::string joined(std::string_view folder, std::string_view name) {
  std::string path;
  path.reserve(folder.size() + name.size());
  path.append(folder).append(name);
  return path;
}

}  // namespace

DirectoryWalk::DirectoryWalk(const std::string& root, bool all_files,
                             std::span<const FileId> left_out)
    : all_files_(all_files), left_out_(left_out) {
  root_length_ = root.size() + (root.ends_with('/') ? 0 : 1);
  if (std::optional<Error> error = enter(root, false))
    failed_root_ =
        DirectoryEntry{root, NameKind::kImage, false, std::move(error)};
}

DirectoryWalk::~DirectoryWalk() = default;

bool DirectoryWalk::is_loop(const Level& level) const noexcept {
  return std::any_of(levels_.begin(), levels_.end(),
                     [&](const auto& above) { return above->id == level.id; });
}

bool DirectoryWalk::is_left_out(const FileId& file) const noexcept {
  return std::find(left_out_.begin(), left_out_.end(), file) != left_out_.end();
}

/// Lists the folder `path` and makes it the current one, unless it is skipped.
std::optional<Error> DirectoryWalk::enter(std::string path, bool is_link) {
  DIR* const stream = ::opendir(path.c_str());
  if (stream == nullptr) return file_error("open folder", errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> closer(stream, ::closedir);

  auto level = std::make_unique<Level>();
  struct stat status;
  if (::fstat(::dirfd(stream), &status) != 0)
    return file_error("fstat folder", errno);
  level->id = file_id(status);
  if (is_loop(*level) ||
      (is_link && !linked_folders_.insert(level->id).second)) {
    ++skipped_names_;
    return std::nullopt;
  }
  level->path = std::move(path);
  if (!level->path.ends_with('/')) level->path += '/';

  while (true) {
    errno = 0;
    const dirent* const entry = ::readdir(stream);
    if (entry == nullptr) {
      if (errno != 0) level->error = file_error("list folder", errno);
      break;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const Type type = entry->d_type == DT_DIR       ? Type::kFolder
                      : entry->d_type == DT_LNK     ? Type::kLink
                      : entry->d_type == DT_UNKNOWN ? Type::kUnknown
                      : entry->d_type == DT_REG     ? Type::kRegular
                                                    : Type::kOther;
    // What cannot become an input is not even kept.
    const bool is_skipped =
        is_left_out({level->id.device, entry->d_ino}) ||
        (!all_files_ && (is_hidden(name) ||
                         ((type == Type::kRegular || type == Type::kOther) &&
                          kind_of_name(name) == NameKind::kOther)));
    if (is_skipped)
      ++skipped_names_;
    else
      level->names.add(static_cast<char>(type), name);
  }
  level->names.finish();
  levels_.push_back(std::move(level));
  return std::nullopt;
}

/// One name of `level`: a file, or a folder that becomes the current one.
std::optional<DirectoryEntry> DirectoryWalk::visit(Level& level,
                                                   const char* name) {
  Type type = static_cast<Type>(name[-1]);
  DirectoryEntry entry{joined(level.path, name), kind_of_name(name),
                       type == Type::kRegular, std::nullopt};
  bool is_link_to_folder = false;
  if (type == Type::kUnknown || type == Type::kLink) {
    struct stat status;
    if (type == Type::kUnknown && ::lstat(entry.path.c_str(), &status) == 0)
      type = S_ISDIR(status.st_mode)   ? Type::kFolder
             : S_ISLNK(status.st_mode) ? Type::kLink
                                       : Type::kOther;
    if (type == Type::kLink) {
      if (::stat(entry.path.c_str(), &status) != 0) {
        entry.error = file_error("follow link", errno);
      } else if (S_ISDIR(status.st_mode)) {
        type = Type::kFolder;
        is_link_to_folder = true;
      } else if (is_left_out(file_id(status))) {
        ++skipped_names_;
        return std::nullopt;
      }
    }
  }
  if (type == Type::kFolder) {
    entry.error = enter(entry.path, is_link_to_folder);
    if (entry.error) return entry;
    return std::nullopt;
  }
  if (entry.kind == NameKind::kOther) {
    if (!all_files_) {
      ++skipped_names_;
      return std::nullopt;
    }
    entry.kind = NameKind::kImage;
  }
  return entry;
}

std::optional<DirectoryEntry> DirectoryWalk::next() {
  if (failed_root_) {
    std::optional<DirectoryEntry> failed = std::move(failed_root_);
    failed_root_.reset();
    return failed;
  }
  while (!levels_.empty()) {
    Level& level = *levels_.back();
    const char* const name = level.names.next();
    if (name == nullptr) {
      const std::unique_ptr<Level> done = std::move(levels_.back());
      levels_.pop_back();
      if (!done->error) done->error = done->names.error();
      if (done->error) {
        std::string path = std::move(done->path);
        path.pop_back();
        return DirectoryEntry{std::move(path), NameKind::kImage, false,
                              done->error};
      }
      continue;
    }
    if (std::optional<DirectoryEntry> entry = visit(level, name)) return entry;
  }
  return std::nullopt;
}

}  // namespace sdmeta
