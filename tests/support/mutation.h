// Seeded damage to files: the same mutants in every run.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace sdmeta::test {

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  /// One to four changes to `file`: bytes overwritten, inserted, taken out,
  /// repeated, swapped for a part of one of `others`, or the end cut off.
  std::string mutate(std::string file, std::span<const std::string> others);

  /// A number below `bound`, which is not 0.
  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  std::mt19937 random_;
};

/// What a library read from `file` and the extractor did not, for a message;
/// empty if nothing. Adds to `compared` how many texts were compared.
using Missing = std::string (*)(const std::string& file, std::size_t& compared);

/// Nothing is missing from any of the sound files, nor from `count` mutants of
/// them, of which most still have a text to compare.
void expect_nothing_missing(const std::vector<std::string>& originals,
                            Missing missing, std::uint32_t seed, int count);

}  // namespace sdmeta::test
