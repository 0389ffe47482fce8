// Writes seeded CSV files of the civitai-image-db kind:
//
//   make_csv FOLDER [ROWS [FILES [SEED]]]      4 000 000 rows in 40 files
//
// FOLDER/all/000.csv, 001.csv, ... Ids rise, tags are 2 to 21 numbers in one
// quoted cell, one row in a thousand has no published_at. Every hundredth row
// is of an image of make_corpus, so that the images' rows are spread over all
// files. The same arguments give the same bytes on every machine.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {  // splitmix64
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

void append_row(std::string& out, std::uint64_t id, std::uint64_t image_id,
                Random& random) {
  constexpr int kLevels[] = {1, 1, 1, 2, 4, 8, 16};
  char text[160];
  const std::uint64_t high = random.next();
  const std::uint64_t low = random.next();
  const int day = 1 + static_cast<int>(random.below(28));
  const int second = static_cast<int>(random.below(60));
  std::snprintf(text, sizeof text,
                "%" PRIu64 ",%08x-%04x-4%03x-%04x-%012" PRIx64 ",%" PRIu64
                ",%d,2024-03-%02dT12:34:%02d.123Z,",
                id, static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xFFFF),
                static_cast<unsigned>(high & 0xFFF),
                static_cast<unsigned>(0x8000 | (low >> 48 & 0x3FFF)),
                low & 0xFFFFFFFFFFFF, 1 + random.below(900'000),
                kLevels[random.below(7)], day, second);
  out += text;
  if (random.below(1000) != 0) {
    std::snprintf(text, sizeof text, "2024-03-%02dT13:00:%02d.456Z", day,
                  second);
    out += text;
  }
  out += ",\"";
  const std::uint64_t tags = 2 + random.below(20);
  for (std::uint64_t i = 0; i < tags; ++i) {
    if (i != 0) out += ',';
    out += std::to_string(1 + random.below(250'000));
  }
  out += "\",";
  out += std::to_string(image_id);
  out += '\n';
}

std::uint64_t number(int argument_count, char** arguments, int i,
                     std::uint64_t otherwise) {
  return i < argument_count ? std::strtoull(arguments[i], nullptr, 10)
                            : otherwise;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 2) {
    std::fprintf(stderr, "usage: make_csv FOLDER [ROWS [FILES [SEED]]]\n");
    return 2;
  }
  const std::filesystem::path folder =
      std::filesystem::path(arguments[1]) / "all";
  const std::uint64_t rows = number(argument_count, arguments, 2, 4'000'000);
  const std::uint64_t files = number(argument_count, arguments, 3, 40);
  Random random(number(argument_count, arguments, 4, 1));
  std::filesystem::create_directories(folder);

  std::uint64_t id = 0;
  std::uint64_t corpus_image_id = 10'000'000;  // as in make_corpus.cc
  std::uint64_t other_image_id = 20'000'000;
  for (std::uint64_t i = 0; i < files; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "%03" PRIu64 ".csv", i);
    std::string text =
        "id,image_url,user_id,nsfw_level,created_at,published_at,tag_ids,"
        "image_id\n";
    for (const std::uint64_t end = rows * (i + 1) / files; id < end;) {
      other_image_id += 1 + random.below(30);
      const bool is_in_corpus = ++id % 100 == 0;
      append_row(text, id, is_in_corpus ? corpus_image_id++ : other_image_id,
                 random);
    }
    std::FILE* file = std::fopen((folder / name).c_str(), "wb");
    if (file == nullptr) return 2;
    const bool is_written =
        std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (std::fclose(file) != 0 || !is_written) return 2;
  }
  return 0;
}
