#include "pipeline/key_table.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sdmeta {
namespace {

using Entry = KeyTable::Entry;

constexpr std::size_t kBuckets = 256;
using Bounds = std::array<Entry*, kBuckets + 1>;

/// Groups [begin, end) by eight bits of the key, in place: every entry is
/// swapped to where its bucket grows until all are where they belong.
Bounds group(Entry* begin, Entry* end, unsigned shift) {
  const auto bucket_of = [shift](const Entry& entry) {
    return static_cast<std::size_t>(entry.key() >> shift) % kBuckets;
  };
  std::array<std::size_t, kBuckets> counts{};
  for (const Entry* entry = begin; entry != end; ++entry)
    ++counts[bucket_of(*entry)];
  Bounds bounds;
  bounds[0] = begin;
  for (std::size_t i = 0; i < kBuckets; ++i)
    bounds[i + 1] = bounds[i] + counts[i];

  Bounds grown = bounds;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    while (grown[i] != bounds[i + 1]) {
      Entry entry = *grown[i];
      for (std::size_t to = bucket_of(entry); to != i; to = bucket_of(entry))
        std::swap(entry, *grown[to]++);
      *grown[i]++ = entry;
    }
  }
  return bounds;
}

}  // namespace

void KeyTable::build() {
  part_begins_.clear();
  part_begins_.reserve((std::size_t{1} << kPartBits) + 1);
  const Bounds upper = group(entries_.begin(), entries_.end(), 56);
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const Bounds lower = group(upper[i], upper[i + 1], 48);
    for (std::size_t j = 0; j < kBuckets; ++j) {
      part_begins_.push_back(
          static_cast<std::size_t>(lower[j] - entries_.begin()));
      std::sort(lower[j], lower[j + 1], [](const Entry& a, const Entry& b) {
        if (a.key() != b.key()) return a.key() < b.key();
        return a.number() < b.number();
      });
    }
  }
  part_begins_.push_back(entries_.size());
}

std::span<const Entry> KeyTable::find(std::uint64_t key) const {
  if (part_begins_.empty()) return {};
  const std::size_t part = key >> (64 - kPartBits);
  const Entry* const end = entries_.begin() + part_begins_[part + 1];
  const Entry* const first = std::lower_bound(
      entries_.begin() + part_begins_[part], end, key,
      [](const Entry& entry, std::uint64_t wanted) {
        return entry.key() < wanted;
      });
  const Entry* last = first;
  while (last != end && last->key() == key) ++last;
  return {first, last};
}

}  // namespace sdmeta
