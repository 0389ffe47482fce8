// A folder and the folders in it as a stream of files, depth-first by byte
// order of names. One folder of every level is open at a time, and little of it
// in memory, however many names it has.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/error.h"
#include "pipeline/file_id.h"
#include "pipeline/name_filter.h"

namespace sdmeta {

struct DirectoryEntry {
  std::string path;  // the root as given, '/', and the names below it
  NameKind kind = NameKind::kImage;
  bool is_regular = false;  // the listing says that it is a file, not a link
  /// What kept a folder, or a link, from being followed.
  std::optional<Error> error;
};

/// Links to files are files. Of all links to a folder the first is followed,
/// except into a folder that is being walked (a loop), so that links among
/// folders do not multiply them. Names that kind_of_name() calls kOther, hidden
/// folders, other links to folders and `left_out` are skipped and counted.
/// Memory: the folders that links led to, each of them once.
class DirectoryWalk {
 public:
  /// With `all_files` no name is skipped; archives are kArchive still.
  /// `left_out` outlives the walk.
  DirectoryWalk(const std::string& root, bool all_files,
                std::span<const FileId> left_out = {});
  ~DirectoryWalk();

  std::optional<DirectoryEntry> next();

  std::uint64_t skipped_names() const noexcept { return skipped_names_; }
  /// Bytes of every entry's path that spell the root, '/' included.
  std::size_t root_length() const noexcept { return root_length_; }

 private:
  struct Level;
  enum class Type : char;

  std::optional<Error> enter(std::string path, bool is_link);
  std::optional<DirectoryEntry> visit(Level& level, const char* name);
  bool is_loop(const Level& level) const noexcept;
  bool is_left_out(const FileId& file) const noexcept;

  std::vector<std::unique_ptr<Level>> levels_;
  std::optional<DirectoryEntry> failed_root_;
  std::uint64_t skipped_names_ = 0;
  std::size_t root_length_ = 0;
  bool all_files_ = false;
  std::span<const FileId> left_out_;
  std::set<FileId> linked_folders_;  // that links led to
};

}  // namespace sdmeta
