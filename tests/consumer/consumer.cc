// A program of somebody else: prints the prompt of each PNG read from memory.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "extractor/extract.h"
#include "parsers/interpret.h"

int main(int argument_count, char** arguments) {
  for (int i = 1; i < argument_count; ++i) {
    std::ifstream file(arguments[i], std::ios::binary);
    const std::vector<char> data{std::istreambuf_iterator<char>(file), {}};
    sdmeta::MemorySource source(
        {reinterpret_cast<const std::uint8_t*>(data.data()), data.size()});
    const auto image = sdmeta::extract_fields(source, {});
    const auto reading = sdmeta::interpret(image, sdmeta::Limits{});
    if (reading.generation && reading.generation->prompt)
      std::puts(reading.generation->prompt->c_str());
  }
}
