#include "pipeline/recorded_files.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sdmeta {
namespace {

// Two lanes of multiply and fold; quality like that of the known 64-bit mixers,
// and unlike std::hash wide enough to stand for the name itself.
struct Hash128 {
  std::uint64_t a = 0x9E3779B97F4A7C15u;
  std::uint64_t b = 0xC2B2AE3D27D4EB4Fu;

  void add(std::uint64_t word) {
    a = fold((a ^ word) * 0xD6E8FEB86659FD93u);
    b = fold((b + word) * 0xA0761D6478BD642Fu);
  }
  void add(std::string_view text) {
    add(std::uint64_t{text.size()});
    while (!text.empty()) {
      std::uint64_t word = 0;
      const std::size_t count = std::min(text.size(), sizeof word);
      std::memcpy(&word, text.data(), count);
      add(word);
      text.remove_prefix(count);
    }
  }
  static std::uint64_t fold(std::uint64_t x) { return x ^ (x >> 32); }
};

/// `path` without what changes nothing whatever the folders are: "." and empty
/// names. ".." does, behind a link. Most paths are plain and not copied to
/// `room`.
std::string_view plain_path(std::string_view path, std::string& room) {
  if (!path.starts_with("./") && path.find("//") == path.npos &&
      path.find("/./") == path.npos)
    return path;
  if (path.starts_with('/')) room = "/";
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    if (name.empty() || name == ".") continue;
    if (!room.empty() && room != "/") room += '/';
    room += name;
  }
  return room;
}

}  // namespace

RecordedFiles::Key RecordedFiles::key(std::string_view path,
                                      std::optional<std::string_view> member,
                                      std::optional<std::uint64_t> bytes) {
  Hash128 hash;
  std::string room;
  hash.add(plain_path(path, room));
  hash.add(std::uint64_t{member.has_value()});
  if (member) hash.add(*member);
  hash.add(std::uint64_t{0});  // one more round spreads the last word
  const std::uint64_t name = hash.a | 1;
  hash.add(std::uint64_t{bytes.has_value()});
  hash.add(bytes.value_or(0));
  hash.add(std::uint64_t{0});
  return {name, static_cast<std::uint32_t>(hash.b)};
}

// All sizes of a name stand in one row of slots, among others, so that they are
// found without knowing the size. Not of a name that is written a million
// times: beyond so many they are spread.
std::size_t RecordedFiles::place_of(Key key) const {
  constexpr std::size_t kMostInRow = 256;
  std::size_t sizes = 0;
  std::size_t at = place_at(key.first >> 1);
  while (slots_[at].hash != 0 &&
         (slots_[at].hash != key.first || slots_[at].more_hash != key.second)) {
    const bool is_spread =
        slots_[at].hash == key.first && ++sizes == kMostInRow;
    at = is_spread ? place_at((key.first >> 1) + key.second) : place_at(at + 1);
  }
  return at;
}

void RecordedFiles::grow() {
  std::vector<Slot> old = std::exchange(slots_, {});
  slots_.resize(old.empty() ? 1024 : old.size() * 2);
  for (const Slot& slot : old)
    if (slot.hash != 0) slots_[place_of({slot.hash, slot.more_hash})] = slot;
}

void RecordedFiles::add(Key key, RecordedAs how) {
  if ((used_ + 1) * 4 > slots_.size() * 3) grow();
  Slot& slot = slots_[place_of(key)];
  if (slot.hash == 0) {
    slot.hash = key.first;
    slot.more_hash = key.second;
    ++used_;
  }
  ++slot.count;
  slot.how = how;
}

bool RecordedFiles::contains(Key key) const {
  return used_ > 0 && slots_[place_of(key)].hash != 0;
}

RecordedAs RecordedFiles::how(Key key) const {
  return used_ > 0 ? slots_[place_of(key)].how : RecordedAs::kSound;
}

bool RecordedFiles::take(Key key) {
  return used_ > 0 && take_from(slots_[place_of(key)]);
}

bool RecordedFiles::take_any_size(Key key) {
  if (used_ == 0) return false;
  for (std::size_t at = place_at(key.first >> 1); slots_[at].hash != 0;
       at = place_at(at + 1))
    if (slots_[at].hash == key.first && take_from(slots_[at])) return true;
  return false;
}

bool RecordedFiles::take_from(Slot& slot) {
  if (slot.count == 0) return false;
  --slot.count;
  failures_taken_ += slot.how != RecordedAs::kSound;
  return true;
}

}  // namespace sdmeta
