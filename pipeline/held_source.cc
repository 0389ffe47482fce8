#include "pipeline/held_source.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sdmeta {
namespace {

class HeldSource final : public ByteSource {
 public:
  HeldSource(std::shared_ptr<const std::vector<std::uint8_t>> bytes,
             std::uint64_t size) noexcept
      : bytes_(std::move(bytes)), memory_(*bytes_), size_(size) {}

  std::uint64_t size() const noexcept override { return size_; }

  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override {
    if (offset >= memory_.size() && offset < size_ && !out.empty())
      return Error{ErrorCode::kMemberTooLarge,
                   "only the first " + std::to_string(memory_.size()) +
                       " bytes of a packed member are unpacked"};
    return memory_.read_at(offset, out);
  }

 private:
  std::shared_ptr<const std::vector<std::uint8_t>> bytes_;
  MemorySource memory_;
  std::uint64_t size_;
};

}  // namespace

std::unique_ptr<ByteSource> make_held_source(
    std::shared_ptr<const std::vector<std::uint8_t>> bytes, std::uint64_t size,
    const Limits& limits) {
  const bool is_cut_by_limit = bytes->size() >= limits.max_member_bytes;
  const std::uint64_t shown = is_cut_by_limit
                                  ? std::max<std::uint64_t>(size, bytes->size())
                                  : bytes->size();
  return std::make_unique<HeldSource>(std::move(bytes), shown);
}

}  // namespace sdmeta
