// 64-bit keys -> numbers below 2^32: built once, then only read. Twelve bytes a
// key. Entries are sorted by key inside 65 536 parts, chosen by the key's upper
// bits, so keys must be spread evenly: see key_of(). Sorting by parts in place
// takes a quarter of the time of a comparison sort of the whole, and looking up
// is one step to the part and a short search inside it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/grow_array.h"
#include "pipeline/match.h"

namespace sdmeta {

/// Mixes the bits of `number`; different numbers have different keys.
constexpr std::uint64_t key_of(std::uint64_t number) {
  number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9;  // splitmix64
  number = (number ^ (number >> 27)) * 0x94D049BB133111EB;
  return number ^ (number >> 31);
}

/// Two UUIDs may share a key, by a chance of 2^-64: compare them.
constexpr std::uint64_t key_of(const Uuid& uuid) {
  return key_of(uuid.high ^ key_of(uuid.low));
}

class KeyTable {
 public:
  class Entry {
   public:
    Entry(std::uint64_t key, std::uint32_t number)
        : high_(static_cast<std::uint32_t>(key >> 32)),
          low_(static_cast<std::uint32_t>(key)),
          number_(number) {}
    std::uint64_t key() const { return std::uint64_t{high_} << 32 | low_; }
    std::uint32_t number() const { return number_; }

   private:
    std::uint32_t high_;
    std::uint32_t low_;
    std::uint32_t number_;
  };

  void reserve(std::size_t entries) { entries_.reserve(entries); }
  void add(std::uint64_t key, std::uint32_t number) {
    entries_.push_back(Entry(key, number));
  }
  std::size_t size() const { return entries_.size(); }

  /// After the last add(), before the first find().
  void build();

  /// Entries with this key, by number. Thread-safe.
  std::span<const Entry> find(std::uint64_t key) const;

  /// Calls `visit(std::span<const Entry>)` for the entries of each key.
  template <class Visit>
  void for_each_key(Visit&& visit) const {
    const Entry* const end = entries_.end();
    for (const Entry* first = entries_.begin(); first != end;) {
      const Entry* last = first + 1;
      while (last != end && last->key() == first->key()) ++last;
      visit(std::span(first, last));
      first = last;
    }
  }

 private:
  static constexpr unsigned kPartBits = 16;

  GrowArray<Entry> entries_;
  std::vector<std::size_t> part_begins_;  // 65 537; empty before build()
};

}  // namespace sdmeta
