#include "pipeline/spilled_captions.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace sdmeta {
namespace {

/// In front of each caption: its line, and the sizes of its parts.
using Head = std::array<std::uint64_t, 5>;

}  // namespace

Result<SpilledCaptions> SpilledCaptions::in(const std::string& folder) {
  constexpr std::size_t kBufferBytes = 1 << 20;
  auto spill = SpillFile::create(folder, kBufferBytes);
  // Folders below it may be writable all the same.
  if (!spill)
    spill = SpillFile::create(SpillFile::temporary_folder(), kBufferBytes);
  if (!spill) return spill.error();
  return SpilledCaptions(std::move(*spill));
}

std::optional<Error> SpilledCaptions::append(const Caption& caption) {
  const Head head = {caption.line_number, caption.image.size(),
                     caption.folders.size(), caption.name.size(),
                     caption.text.size()};
  bytes_.assign(reinterpret_cast<const char*>(head.data()), sizeof head);
  bytes_ += caption.image + caption.folders + caption.name + caption.text;
  return spill_->append(bytes_);
}

std::optional<Error> SpilledCaptions::read(std::uint64_t size) {
  const std::uint64_t begin = position_;
  position_ += size;
  return spill_->read(begin, position_, bytes_);
}

std::optional<Error> SpilledCaptions::next(Caption& caption) {
  Head head{};
  if (auto error = read(sizeof head)) return error;
  std::memcpy(head.data(), bytes_.data(), sizeof head);
  caption.line_number = head[0];
  std::size_t i = 1;
  for (std::string* const part :
       {&caption.image, &caption.folders, &caption.name, &caption.text}) {
    if (auto error = read(head[i++])) return error;
    part->swap(bytes_);
  }
  return std::nullopt;
}

}  // namespace sdmeta
