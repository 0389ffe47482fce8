// The names of one folder in byte order, in memory that is bounded for any
// number of names: an external merge sort. What a usual folder holds is sorted
// where it stands and never sees a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "extractor/error.h"
#include "pipeline/spill_file.h"

namespace sdmeta {

/// NUL-terminated names, each behind one byte for its tag, in blocks that never
/// move: no growth copies, so the peak is the names themselves.
class NameArena {
 public:
  /// The name; its tag stands before its first byte.
  const char* add(char tag, std::string_view name);

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_bytes_ = 2048;
  std::size_t free_ = 0;
  char* end_ = nullptr;
};

struct SortedName {
  std::uint64_t rank;  // the first bytes in which the names differ, big-endian
  const char* text;
};

class NameMerge;

class NameSorter {
 public:
  /// Names that are held in memory: 0.6 MB of 20 bytes each.
  static constexpr std::size_t kMaxHeldNames = 16384;

  /// Beyond `max_held_names` names go to a temporary file, and all stay in
  /// memory if there can be none.
  explicit NameSorter(std::size_t max_held_names = kMaxHeldNames);
  ~NameSorter();
  NameSorter(const NameSorter&) = delete;
  NameSorter& operator=(const NameSorter&) = delete;

  /// `name` holds no NUL. Equal names are kept.
  void add(char tag, std::string_view name);
  /// After the last add(), before the first next().
  void finish();
  /// The next name, NUL-terminated, its tag before its first byte; valid until
  /// the next call. Null at the end, and where the temporary file cannot be
  /// read: error() says so.
  const char* next();
  const std::optional<Error>& error() const { return error_; }

 private:
  /// Sorted names in the file.
  struct Run {
    std::uint64_t begin;
    std::uint64_t end;
    unsigned level;  // how often its names have been merged
  };
  friend class NameMerge;

  std::optional<Error> spill();
  std::optional<Error> write_run(NameMerge& names, unsigned level);

  std::size_t max_held_names_;
  NameArena arena_;
  std::vector<SortedName> held_;
  std::size_t next_held_ = 0;
  bool can_spill_ = true;
  std::unique_ptr<SpillFile> file_;   // null until it is needed
  std::vector<Run> runs_;             // levels never rise
  std::unique_ptr<NameMerge> merge_;  // null if there is no run
  std::optional<Error> error_;
};

}  // namespace sdmeta
