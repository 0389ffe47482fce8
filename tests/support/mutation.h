// Seeded damage to files: the same mutants in every run.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>

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

}  // namespace sdmeta::test
