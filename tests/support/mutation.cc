#include "tests/support/mutation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace sdmeta::test {

std::string Mutator::mutate(std::string file,
                            std::span<const std::string> others) {
  constexpr std::array<char, 6> kEdges = {'\0',   '\1',   '\x7F',
                                          '\x80', '\xFE', '\xFF'};
  const std::size_t changes = 1 + below(4);
  for (std::size_t i = 0; i < changes && !file.empty(); ++i) {
    const std::size_t at = below(file.size());
    const std::size_t length =
        1 + below(std::min<std::size_t>(16, file.size() - at));
    switch (below(8)) {
      case 0: file[at] = static_cast<char>(random_()); break;
      case 1: file[at] = kEdges[below(kEdges.size())]; break;
      case 2: file[at] = static_cast<char>(file[at] ^ (1 << below(8))); break;
      case 3:
        file.insert(at, std::string(length, kEdges[below(kEdges.size())]));
        break;
      case 4: file.erase(at, length); break;
      case 5: file.insert(at, file.substr(at, 8 * length)); break;
      case 6: {
        const std::string& other = others[below(others.size())];
        file.replace(at, length, other, below(other.size()), 4 * length);
        break;
      }
      default:
        // Cuts hide whatever comes later, so they are rare.
        if (below(4) == 0) file.resize(at);
        break;
    }
  }
  return file;
}

void expect_nothing_missing(const std::vector<std::string>& originals,
                            Missing missing, std::uint32_t seed, int count) {
  for (const std::string& file : originals) {
    std::size_t compared = 0;
    EXPECT_EQ(missing(file, compared), "");
    EXPECT_GT(compared, 0u);
  }
  Mutator mutator(seed);
  std::size_t compared = 0;
  for (int i = 0; i < count; ++i) {
    const std::string file =
        mutator.mutate(originals[mutator.below(originals.size())], originals);
    ASSERT_EQ(missing(file, compared), "")
        << "mutant " << i << ": " << testing::PrintToString(file);
  }
  EXPECT_GT(compared, static_cast<std::size_t>(count) / 2);
}

}  // namespace sdmeta::test
