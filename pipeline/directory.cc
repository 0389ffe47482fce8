#include "pipeline/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "pipeline/file_error.h"

namespace sdmeta {
namespace {

/// NUL-terminated names, each behind one byte for its type, in blocks that
/// never move: no growth copies, so the peak is the names themselves.
class NameArena {
 public:
  const char* add(char type, std::string_view name) {
    const std::size_t needed = name.size() + 2;
    if (needed > free_) {
      block_bytes_ = std::clamp(block_bytes_ * 2, needed, kMaxBlock);
      blocks_.push_back(std::make_unique<char[]>(block_bytes_));
      end_ = blocks_.back().get();
      free_ = block_bytes_;
    }
    char* const place = end_;
    place[0] = type;
    std::memcpy(place + 1, name.data(), name.size());
    place[needed - 1] = '\0';
    end_ += needed;
    free_ -= needed;
    return place + 1;
  }

 private:
  static constexpr std::size_t kMaxBlock = 256 << 10;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_bytes_ = 2048;
  std::size_t free_ = 0;
  char* end_ = nullptr;
};

struct SortedName {
  std::uint64_t rank;  // the first bytes in which the names differ, big-endian
  const char* text;
};

std::uint64_t rank_of(const char* text) noexcept {
  std::uint64_t rank = 0;
  for (int shift = 56; shift >= 0 && *text != '\0'; shift -= 8, ++text)
    rank |= static_cast<std::uint64_t>(static_cast<unsigned char>(*text))
            << shift;
  return rank;
}

/// Most names of a large folder begin alike and are told apart by the next
/// eight bytes, which sort as one number.
void sort_by_bytes(std::vector<SortedName>& names) {
  if (names.empty()) return;
  const char* const first = names.front().text;
  std::size_t common = std::strlen(first);
  for (const SortedName& name : names) {
    std::size_t same = 0;
    while (same < common && name.text[same] == first[same]) ++same;
    common = same;
  }
  for (SortedName& name : names) name.rank = rank_of(name.text + common);
  std::sort(names.begin(), names.end(),
            [](const SortedName& a, const SortedName& b) {
              if (a.rank != b.rank) return a.rank < b.rank;
              return std::strcmp(a.text, b.text) < 0;
            });
}

}  // namespace

enum class DirectoryWalk::Type : char { kFolder, kLink, kUnknown, kOther };

struct DirectoryWalk::Level {
  std::string path;  // ends in '/'
  NameArena arena;
  std::vector<SortedName> names;
  std::size_t next = 0;
  dev_t device = 0;
  ino_t inode = 0;
  unsigned links = 0;          // followed on the way here
  std::optional<Error> error;  // the listing broke off
};

DirectoryWalk::DirectoryWalk(const std::string& root, bool all_files)
    : all_files_(all_files) {
  root_length_ = root.size() + (root.ends_with('/') ? 0 : 1);
  if (std::optional<Error> error = enter(root, 0))
    failed_root_ = DirectoryEntry{root, NameKind::kImage, std::move(error)};
}

DirectoryWalk::~DirectoryWalk() = default;

bool DirectoryWalk::is_loop(const Level& level) const noexcept {
  return std::any_of(levels_.begin(), levels_.end(), [&](const auto& above) {
    return above->device == level.device && above->inode == level.inode;
  });
}

/// Lists the folder `path` and makes it the current one, unless it is a loop.
std::optional<Error> DirectoryWalk::enter(std::string path, unsigned links) {
  DIR* const stream = ::opendir(path.c_str());
  if (stream == nullptr) return file_error("open folder", errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> closer(stream, ::closedir);

  auto level = std::make_unique<Level>();
  struct stat status;
  if (::fstat(::dirfd(stream), &status) != 0)
    return file_error("fstat folder", errno);
  level->device = status.st_dev;
  level->inode = status.st_ino;
  if (is_loop(*level)) {
    ++skipped_names_;
    return std::nullopt;
  }
  level->links = links;
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
                                                    : Type::kOther;
    // What cannot become an input is not even kept.
    const bool is_skipped =
        !all_files_ &&
        (is_hidden(name) ||
         (type == Type::kOther && kind_of_name(name) == NameKind::kOther));
    if (is_skipped)
      ++skipped_names_;
    else
      level->names.push_back(
          {0, level->arena.add(static_cast<char>(type), name)});
  }
  sort_by_bytes(level->names);
  levels_.push_back(std::move(level));
  return std::nullopt;
}

/// One name of `level`: a file, or a folder that becomes the current one.
std::optional<DirectoryEntry> DirectoryWalk::visit(Level& level,
                                                   const char* name) {
  Type type = static_cast<Type>(name[-1]);
  DirectoryEntry entry{level.path + name, kind_of_name(name), std::nullopt};
  unsigned links = level.links;
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
        if (++links > kMaxFolderLinks) {
          entry.error =
              Error{ErrorCode::kUnreadable,
                    "more links to folders than are followed", std::nullopt};
          return entry;
        }
      }
    }
  }
  if (type == Type::kFolder) {
    entry.error = enter(entry.path, links);
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
    if (level.next == level.names.size()) {
      const std::unique_ptr<Level> done = std::move(levels_.back());
      levels_.pop_back();
      if (done->error) {
        std::string path = std::move(done->path);
        path.pop_back();
        return DirectoryEntry{std::move(path), NameKind::kImage, done->error};
      }
      continue;
    }
    if (std::optional<DirectoryEntry> entry =
            visit(level, level.names[level.next++].text))
      return entry;
  }
  return std::nullopt;
}

}  // namespace sdmeta
