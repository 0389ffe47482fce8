// Positions in a fixed list of names: one probe of a small table where a search
// would compare dozens of strings. The list is the program's own, so nobody can
// choose names that collide.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "parsers/text.h"

namespace sdmeta {

/// Which keys there may be, in any case: a bit for each answers nearly all
/// questions for those that there are not, and parsers ask for dozens. No key
/// is empty.
class KeyBits {
 public:
  void add(std::string_view key) { bits_ |= bit_of(key); }
  /// False if no such key was added.
  bool may_have(std::string_view key) const {
    return (bits_ & bit_of(key)) != 0;
  }

 private:
  static std::uint64_t bit_of(std::string_view key) {
    // Letters have the same number in either case; so have some other signs.
    const std::size_t last = static_cast<unsigned char>(key.back()) | 0x20u;
    return std::uint64_t{1} << ((key.size() * 7 + last) % 64);
  }

  std::uint64_t bits_ = 0;
};

class NameIndex {
 public:
  /// Room for `count` names.
  explicit NameIndex(std::size_t count)
      : slots_(std::bit_ceil(4 * count + 4)), mask_(slots_.size() - 1) {}

  /// The value kept for `name`, a new 0 the first time. Views the name.
  std::uint64_t& operator[](std::string_view name) {
    const Ends ends(name);
    std::size_t at = ends.hash() & mask_;
    while (slots_[at].is_used && !slots_[at].has(name, ends))
      at = (at + 1) & mask_;
    slots_[at].name = name;
    slots_[at].ends = ends;
    slots_[at].is_used = true;
    return slots_[at].value;
  }

  /// Null if `name` is not in the list.
  const std::uint64_t* find(std::string_view name) const {
    const Ends ends(name);
    std::size_t at = ends.hash() & mask_;
    for (; slots_[at].is_used; at = (at + 1) & mask_)
      if (slots_[at].has(name, ends)) return &slots_[at].value;
    return nullptr;
  }

  /// The same for a `name` in any case. The names of the list are in lower
  /// case.
  const std::uint64_t* find_ignoring_case(std::string_view name) const {
    const Ends ends = Ends(name).lower();
    std::size_t at = ends.hash() & mask_;
    for (; slots_[at].is_used; at = (at + 1) & mask_)
      if (slots_[at].ends == ends &&
          (ends.are_all() || equal_ignoring_case(slots_[at].name, name)))
        return &slots_[at].value;
    return nullptr;
  }

 private:
  // Both ends of a name: most differ there, and up to 16 bytes they are all of
  // it.
  struct Ends {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    std::size_t size = 0;

    Ends() = default;
    explicit Ends(std::string_view name) : size(name.size()) {
      const char* const end = name.data() + size;
      if (size >= 8) {
        head = word_at<std::uint64_t>(name.data());
        tail = word_at<std::uint64_t>(end - 8);
      } else if (size >= 4) {
        head = word_at<std::uint32_t>(name.data());
        tail = word_at<std::uint32_t>(end - 4);
      } else {
        for (const char c : name)
          head = head << 8 | static_cast<unsigned char>(c);
      }
    }

    template <class Word>
    static Word word_at(const char* at) {
      Word word;
      std::memcpy(&word, at, sizeof word);
      return word;
    }

    std::size_t hash() const {
      const std::uint64_t mixed = (head ^ std::rotl(tail, 23) ^ size) *
                                  std::uint64_t{0x9e3779b97f4a7c15};
      return static_cast<std::size_t>(mixed >> 32);
    }

    /// The ends are the whole name.
    bool are_all() const { return size <= 2 * sizeof head; }

    Ends lower() const {
      Ends result = *this;
      result.head = lower(head);
      result.tail = lower(tail);
      return result;
    }

    // Sums stay below 0x100 in every byte, so nothing carries over.
    static std::uint64_t lower(std::uint64_t word) {
      constexpr std::uint64_t kOnes = 0x0101010101010101;
      constexpr std::uint64_t kHigh = 0x80 * kOnes;
      const std::uint64_t ascii = word & ~kHigh;
      const std::uint64_t from_a = ascii + (0x80 - 'A') * kOnes;
      const std::uint64_t behind_z = ascii + (0x7F - 'Z') * kOnes;
      const std::uint64_t is_upper = (from_a & ~behind_z & ~word) & kHigh;
      return word | is_upper >> 2;
    }

    bool operator==(const Ends&) const = default;
  };

  struct Slot {
    std::string_view name;
    Ends ends;
    std::uint64_t value = 0;
    bool is_used = false;

    bool has(std::string_view wanted, const Ends& wanted_ends) const {
      return ends == wanted_ends && (ends.are_all() || name == wanted);
    }
  };

  std::vector<Slot> slots_;
  std::size_t mask_;
};

/// Positions in a list of entries whose names are in lower case, and which
/// writers spell in any case.
class KeyIndex {
 public:
  /// `name_of` gives the name of an entry. Views the names of `entries`.
  template <class Entries, class NameOf>
  KeyIndex(const Entries& entries, NameOf name_of) : names_(entries.size()) {
    std::uint64_t position = 0;
    for (const auto& entry : entries) names_[name_of(entry)] = position++;
  }

  /// Position of the entry, null if there is none.
  const std::uint64_t* find(std::string_view name) const {
    return names_.find_ignoring_case(name);
  }

 private:
  NameIndex names_;
};

}  // namespace sdmeta
