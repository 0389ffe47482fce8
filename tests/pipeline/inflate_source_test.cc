#include "pipeline/inflate_source.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/packed_text.h"

namespace sdmeta {
namespace {

class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const noexcept override { return bytes_.size(); }
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override {
    return offset >= bytes_.size()
               ? std::size_t{0}
               : bytes_.copy(reinterpret_cast<char*>(out.data()), out.size(),
                             static_cast<std::size_t>(offset));
  }

 private:
  std::string bytes_;
};

std::string read(ByteSource& source, std::uint64_t offset, std::size_t count) {
  std::string bytes(count, '\0');
  const Result<std::size_t> got = source.read_at(
      offset, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  if (!got) return std::string(error_name(got.error().code));
  return bytes.substr(0, *got);
}

class InflateSource : public testing::Test {
 protected:
  InflateSource() {
    for (int i = 0; i < 400000; ++i) text_ += std::to_string(i * 7919LL) + ",";
  }
  std::unique_ptr<ByteSource> open(const InflateBounds& bounds) {
    return make_inflate_source(
        std::make_unique<StringSource>(test::deflated(text_)), text_.size(),
        bounds);
  }

  std::string text_;
};

TEST_F(InflateSource, ReadsAnyPlaceOfWhatIsLongerThanItHolds) {
  constexpr std::uint64_t kHeld = 300000;
  const auto source = open({kHeld, 1u << 30});
  ASSERT_GT(text_.size(), 10 * kHeld);
  const std::size_t last = text_.size() - 100;
  for (const std::size_t offset :
       {std::size_t{0}, std::size_t{1000000}, std::size_t{999000}, last,
        std::size_t{5}, std::size_t{2000000}, last}) {
    EXPECT_EQ(read(*source, offset, 1000), text_.substr(offset, 1000))
        << offset;
  }
  EXPECT_EQ(read(*source, 0, text_.size()), text_);
  EXPECT_EQ(read(*source, 17, 2 * kHeld), text_.substr(17, 2 * kHeld));
}

TEST_F(InflateSource, WorkIsBoundedHoweverItIsRead) {
  const auto source = open({100000, text_.size() * 3 / 2});
  const std::size_t last = text_.size() - 10;
  EXPECT_EQ(read(*source, last, 10), text_.substr(last));
  EXPECT_EQ(read(*source, 0, 10), text_.substr(0, 10));
  EXPECT_EQ(read(*source, last, 10), "member_too_large");
}

}  // namespace
}  // namespace sdmeta
