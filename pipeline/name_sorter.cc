#include "pipeline/name_sorter.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <utility>

namespace sdmeta {
namespace {

constexpr std::size_t kWriteBytes = 64 << 10;  // at a time
constexpr std::size_t kReadBytes = 4 << 10;    // at a time, of each run
// Runs that are merged into a longer one, so that few have to be read at once:
// 64 MB of buffers would sort more names than a disk has room for.
constexpr std::size_t kRunsOfAMerge = 64;

std::uint64_t rank_of(const char* text) noexcept {
  std::uint64_t rank = 0;
  for (int shift = 56; shift >= 0 && *text != '\0'; shift -= 8, ++text)
    rank |= static_cast<std::uint64_t>(static_cast<unsigned char>(*text))
            << shift;
  return rank;
}

/// Most names of a large folder begin alike and are told apart by the next
/// eight bytes, which sort as one number.
void sort_by_bytes(std::vector<SortedName>& names) {
  if (names.empty()) return;
  const char* const first = names.front().text;
  std::size_t common = std::strlen(first);
  for (const SortedName& name : names) {
    std::size_t same = 0;
    while (same < common && name.text[same] == first[same]) ++same;
    common = same;
  }
  for (SortedName& name : names) name.rank = rank_of(name.text + common);
  std::sort(names.begin(), names.end(),
            [](const SortedName& a, const SortedName& b) {
              if (a.rank != b.rank) return a.rank < b.rank;
              return std::strcmp(a.text, b.text) < 0;
            });
}

}  // namespace

const char* NameArena::add(char tag, std::string_view name) {
  constexpr std::size_t kMaxBlock = 256 << 10;
  const std::size_t needed = name.size() + 2;
  if (needed > free_) {
    block_bytes_ = std::clamp(block_bytes_ * 2, needed, kMaxBlock);
    blocks_.push_back(std::make_unique<char[]>(block_bytes_));
    end_ = blocks_.back().get();
    free_ = block_bytes_;
  }
  char* const place = end_;
  place[0] = tag;
  std::memcpy(place + 1, name.data(), name.size());
  place[needed - 1] = '\0';
  end_ += needed;
  free_ -= needed;
  return place + 1;
}

/// Merges sorted names that stand in memory and in the file.
class NameMerge {
 public:
  /// Whatever is given must outlive the merge; `file` may be null if there are
  /// no runs.
  NameMerge(std::span<const SortedName> held, const SpillFile* file,
            std::span<const NameSorter::Run> runs)
      : file_(file) {
    sources_.reserve(runs.size() + 1);
    sources_.push_back({held, 0, 0, {}, 0, nullptr});
    for (const NameSorter::Run& run : runs)
      sources_.push_back({{}, run.begin, run.end, {}, 0, nullptr});
    for (Source& source : sources_)
      if (advance(source)) heap_.push_back(&source);
    std::make_heap(heap_.begin(), heap_.end(), is_later);
  }

  /// As NameSorter::next().
  const char* next() {
    // The name given last had to stay where it was until now.
    if (has_given_) drop_first();
    has_given_ = !error_ && !heap_.empty();
    return has_given_ ? heap_.front()->name : nullptr;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  struct Source {
    std::span<const SortedName> held;
    std::uint64_t begin;  // of what has not been read from the file
    std::uint64_t end;
    std::string buffer;
    std::size_t position;  // in `buffer`, of the name behind `name`
    const char* name;
  };

  static bool is_later(const Source* a, const Source* b) {
    return std::strcmp(a->name, b->name) > 0;
  }

  /// Makes `name` the next one; false if there is none.
  bool advance(Source& source) {
    if (!source.held.empty()) {
      source.name = source.held.front().text;
      source.held = source.held.subspan(1);
      return true;
    }
    std::size_t end;  // of the name, where its NUL is
    while ((end = source.buffer.find('\0', source.position + 1)) ==
           std::string::npos) {
      if (source.begin == source.end || !read(source)) return false;
    }
    source.name = source.buffer.data() + source.position + 1;
    source.position = end + 1;
    return true;
  }

  bool read(Source& source) {
    source.buffer.erase(0, source.position);
    source.position = 0;
    const std::uint64_t end = std::min(source.begin + kReadBytes, source.end);
    if ((error_ = file_->read(source.begin, end, piece_))) return false;
    source.buffer += piece_;
    source.begin = end;
    return true;
  }

  void drop_first() {
    if (!advance(*heap_.front())) {
      heap_.front() = heap_.back();
      heap_.pop_back();
    }
    if (!heap_.empty()) sink_first();
  }

  /// Restores the order of the heap after its first element has changed.
  void sink_first() {
    Source* const moved = heap_.front();
    std::size_t at = 0;
    while (true) {
      std::size_t child = 2 * at + 1;
      if (child + 1 < heap_.size() && is_later(heap_[child], heap_[child + 1]))
        ++child;
      if (child >= heap_.size() || !is_later(moved, heap_[child])) break;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = moved;
  }

  const SpillFile* file_;
  std::vector<Source> sources_;
  std::vector<Source*> heap_;  // the source of the first name in front
  std::string piece_;
  bool has_given_ = false;
  std::optional<Error> error_;
};

NameSorter::NameSorter(std::size_t max_held_names)
    : max_held_names_(max_held_names) {}

NameSorter::~NameSorter() = default;

void NameSorter::add(char tag, std::string_view name) {
  // What cannot be written stays, and will be merged with what was.
  if (held_.size() >= max_held_names_ && can_spill_) can_spill_ = !spill();
  held_.push_back({0, arena_.add(tag, name)});
}

/// Makes a run of the names that are held.
std::optional<Error> NameSorter::spill() {
  if (!file_) {
    auto file = SpillFile::create(SpillFile::temporary_folder(), kWriteBytes);
    if (!file) return file.error();
    file_ = std::move(*file);
  }
  sort_by_bytes(held_);
  NameMerge held(held_, nullptr, {});
  if (auto error = write_run(held, 0)) return error;
  held_.clear();
  arena_ = NameArena();
  while (runs_.size() >= kRunsOfAMerge) {
    const auto last = std::span(runs_).last(kRunsOfAMerge);
    const unsigned level = last.back().level;
    if (last.front().level != level) break;
    NameMerge names({}, file_.get(), last);
    if (auto error = write_run(names, level + 1)) return error;
    runs_.erase(runs_.end() - kRunsOfAMerge - 1, runs_.end() - 1);
  }
  return std::nullopt;
}

/// Appends a run of `names`, unless there is an error.
std::optional<Error> NameSorter::write_run(NameMerge& names, unsigned level) {
  const std::uint64_t begin = file_->size();
  while (const char* const name = names.next()) {
    const char* const tagged = name - 1;
    const std::size_t length = 1 + std::strlen(name) + 1;
    if (auto error = file_->append({tagged, length})) return error;
  }
  if (names.error()) return names.error();
  if (auto error = file_->flush()) return error;
  runs_.push_back({begin, file_->size(), level});
  return std::nullopt;
}

void NameSorter::finish() {
  sort_by_bytes(held_);
  if (!runs_.empty())
    merge_ = std::make_unique<NameMerge>(held_, file_.get(), runs_);
}

const char* NameSorter::next() {
  if (!merge_)
    return next_held_ < held_.size() ? held_[next_held_++].text : nullptr;
  const char* const name = merge_->next();
  if (name == nullptr) error_ = merge_->error();
  return name;
}

}  // namespace sdmeta
