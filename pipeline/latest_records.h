// Which records count: of several of one file or member the last. When a broken
// download has been replaced, `extract --resume` appends a record and leaves
// the old one where it is. Twelve bytes a record until settle(), then a bit.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "pipeline/key_table.h"
#include "pipeline/recorded_files.h"

namespace sdmeta {

class LatestRecords {
 public:
  /// The next record, numbered from 0; names as in the record. Two of 4 million
  /// names are taken for one with a chance of 1 in 10^6.
  void add(std::string_view file, std::optional<std::string_view> member) {
    names_.add(RecordedFiles::key(file, member, std::nullopt).first, size_++);
  }

  /// After the last add(), before is_replaced().
  void settle() {
    names_.build();
    is_replaced_.resize(size_);
    names_.for_each_repeated_key([&](std::span<const KeyTable::Entry> entries) {
      for (const KeyTable::Entry& entry : entries.first(entries.size() - 1))
        is_replaced_[entry.number()] = true;
    });
    names_ = KeyTable();
  }

  bool is_replaced(std::uint32_t number) const { return is_replaced_[number]; }
  std::uint32_t size() const { return size_; }

 private:
  KeyTable names_;
  std::uint32_t size_ = 0;
  std::vector<bool> is_replaced_;
};

}  // namespace sdmeta
