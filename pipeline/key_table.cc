#include "pipeline/key_table.h"

#include <algorithm>
#include <numeric>

namespace sdmeta {
namespace {

using Entry = KeyTable::Entry;

std::size_t byte_of(const Entry& entry, unsigned shift) {
  return static_cast<std::size_t>(entry.key() >> shift & 0xFF);
}

/// Moves entries to `out`, by the byte at `shift`, else in the same order.
/// `places` says where those of each byte begin.
void distribute(std::span<const Entry> entries, unsigned shift,
                std::array<std::uint32_t, 257> places, Entry* out) {
  for (const Entry& entry : entries)
    out[places[byte_of(entry, shift)]++] = entry;
}

}  // namespace

void KeyTable::build_part(std::size_t i) {
  Part& part = parts_[i];
  const std::span<Entry> entries(part.entries.begin(), part.entries.end());
  std::array<std::uint32_t, 257> by_second{};
  std::array<std::uint32_t, 257> by_third{};
  for (const Entry& entry : entries) {
    ++by_second[byte_of(entry, 48) + 1];
    ++by_third[byte_of(entry, 40) + 1];
  }
  std::partial_sum(by_second.begin(), by_second.end(), by_second.begin());
  std::partial_sum(by_third.begin(), by_third.end(), by_third.begin());
  part.begins = by_second;

  thread_local GrowArray<Entry> scratch;
  scratch.reserve(entries.size());
  distribute(entries, 40, by_third, scratch.begin());
  distribute({scratch.begin(), entries.size()}, 48, by_second, entries.data());

  // Few are left whose upper 24 bits are equal.
  const auto upper = [](const Entry& entry) { return entry.key() >> 40; };
  for (auto first = entries.begin(); first != entries.end();) {
    auto last = first + 1;
    while (last != entries.end() && upper(*last) == upper(*first)) ++last;
    if (last - first > 1)
      std::sort(first, last, [](const Entry& a, const Entry& b) {
        if (a.key() != b.key()) return a.key() < b.key();
        return a.number() < b.number();
      });
    first = last;
  }
}

std::span<const Entry> KeyTable::find(std::uint64_t key) const {
  const Part& part = parts_[key >> 56];
  const std::size_t second = key >> 48 & 0xFF;
  const Entry* const end = part.entries.begin() + part.begins[second + 1];
  const Entry* const first =
      std::lower_bound(part.entries.begin() + part.begins[second], end, key,
                       [](const Entry& entry, std::uint64_t wanted) {
                         return entry.key() < wanted;
                       });
  const Entry* last = first;
  while (last != end && last->key() == key) ++last;
  return {first, last};
}

}  // namespace sdmeta
