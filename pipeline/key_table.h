// 64-bit keys -> numbers below 2^32: built once, then only read. Twelve bytes a
// key. add() puts an entry into one of 256 parts by the key's upper bits, so
// keys must be spread evenly: see key_of(). A part of millions of entries fits
// into a processor's cache, is sorted there by the next 16 bits, and apart from
// the others: several threads may share the work. Looking up is one step to the
// entries with the same 16 upper bits and a short search among them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/grow_array.h"
#include "pipeline/image_key.h"

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

  static constexpr std::size_t kParts = 256;

  KeyTable() : parts_(kParts) {}

  void reserve(std::size_t entries) {
    for (Part& part : parts_) part.entries.reserve(entries / kParts);
  }
  void add(std::uint64_t key, std::uint32_t number) {
    parts_[key >> 56].entries.push_back(Entry(key, number));
  }

  /// All parts are built after the last add() and before the first find(),
  /// different ones by different threads if wanted.
  void build_part(std::size_t part);
  void build() {
    for (std::size_t i = 0; i < kParts; ++i) build_part(i);
  }

  /// Entries with this key, by number. Thread-safe.
  std::span<const Entry> find(std::uint64_t key) const;

  /// Calls `visit(std::span<const Entry>)` for each key that has several
  /// entries.
  template <class Visit>
  void for_each_repeated_key(Visit&& visit) const {
    for (const Part& part : parts_) {
      const Entry* const end = part.entries.end();
      for (const Entry* first = part.entries.begin(); first != end;) {
        const Entry* last = first + 1;
        while (last != end && last->key() == first->key()) ++last;
        if (last - first > 1) visit(std::span(first, last));
        first = last;
      }
    }
  }

 private:
  struct Part {
    GrowArray<Entry> entries;
    /// Where those begin that have the same next eight bits.
    std::array<std::uint32_t, 257> begins{};
  };

  std::vector<Part> parts_;
};

}  // namespace sdmeta
