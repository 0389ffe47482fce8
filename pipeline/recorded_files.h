// Which inputs an output already has a record of. Compact, because there may be
// millions: 96 bits of hash and a count each. At least three eighths of the
// slots are in use, which is at most 43 bytes a record, and 64 while the table
// grows. Two of 4 million files collide with a chance of 1 in 10^15.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/record.h"

namespace sdmeta {

class RecordedFiles {
 public:
  /// A hash of path and member, and one of these and the bytes.
  using Key = std::pair<std::uint64_t, std::uint32_t>;

  /// Names as bytes, where `./a//b` is another spelling of `a/b`; `bytes` as
  /// the record states it, nullopt for null.
  static Key key(std::string_view path, std::optional<std::string_view> member,
                 std::optional<std::uint64_t> bytes);

  void add(Key key, RecordedAs how = RecordedAs::kSound);
  /// True if it was added, taken away or not.
  bool contains(Key key) const;
  /// Of the last record that was added; kSound if none was.
  RecordedAs how(Key key) const;
  /// Takes one record of this input away; false if there is none left. Records
  /// are counted because an input may be named twice, and then has two.
  bool take(Key key);
  /// The same, whatever bytes the record states; of a name with hundreds of
  /// sizes, some of its records.
  bool take_any_size(Key key);
  /// How many of the records taken away were of failures.
  std::uint64_t failures_taken() const { return failures_taken_; }

 private:
  struct Slot {
    std::uint64_t hash = 0;  // 0: empty
    std::uint32_t more_hash = 0;
    std::uint32_t count : 30 = 0;
    RecordedAs how : 2 = RecordedAs::kSound;  // the last of them
  };
  /// The slot of `key`, or the empty one where it would stand.
  std::size_t place_of(Key key) const;
  std::size_t place_at(std::size_t place) const {
    return place & (slots_.size() - 1);
  }
  bool take_from(Slot& slot);
  void grow();

  std::vector<Slot> slots_;  // open addressing; a power of two
  std::size_t used_ = 0;
  std::uint64_t failures_taken_ = 0;
};

}  // namespace sdmeta
