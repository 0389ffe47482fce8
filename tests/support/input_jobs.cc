#include "tests/support/input_jobs.h"

#include <filesystem>
#include <fstream>

#include "pipeline/job_source.h"

namespace sdmeta {

std::string InputsTest::at(std::string_view name) const {
  return (dir_ / std::string(name)).string();
}

void InputsTest::put(std::string_view name, std::string_view content) const {
  const std::filesystem::path path = at(name);
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

std::vector<Job> InputsTest::jobs_of(InputOptions options) {
  const std::unique_ptr<InputStream> stream = open_inputs(std::move(options));
  std::vector<Job> jobs;
  while (std::optional<Job> job = stream->next()) jobs.push_back(*job);
  counts_ = stream->counts();
  return jobs;
}

Strings paths(const std::vector<Job>& jobs) {
  Strings result;
  for (const Job& job : jobs) result.push_back(job.path);
  return result;
}

Strings contents(const std::vector<Job>& jobs, const Limits& limits) {
  Strings result;
  for (const Job& job : jobs) {
    std::string& text = result.emplace_back(job.member.value_or(""));
    const Result<std::unique_ptr<ByteSource>> source = open_source(job, limits);
    if (!source) {
      text.append("!").append(to_text(source.error()));
      continue;
    }
    // Two bytes a read, so that sources are asked more than once.
    text += '=';
    std::uint8_t bytes[2];
    for (std::uint64_t offset = 0;; offset += sizeof bytes) {
      const Result<std::size_t> got = (*source)->read_at(offset, bytes);
      if (!got) {
        text.append("!").append(to_text(got.error()));
        break;
      }
      text.append(reinterpret_cast<const char*>(bytes), *got);
      if (*got < sizeof bytes) break;
    }
  }
  return result;
}

}  // namespace sdmeta
