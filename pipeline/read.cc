#include "pipeline/read.h"

#include <utility>

#include "extractor/byte_source.h"
#include "pipeline/file_opener.h"
#include "pipeline/stages.h"

namespace sdmeta {

Record read_file(const std::string& path, const ReadOptions& options) noexcept {
  Job job;
  job.path = path;
  FileOpener opener;
  return interpret_stage(extract_stage(std::move(job), opener, options.extract),
                         options);
}

Record read_bytes(std::span<const std::uint8_t> bytes, std::string name,
                  const ReadOptions& options) noexcept {
  MemorySource source(bytes);
  Extracted extracted;
  extracted.job.path = std::move(name);
  extracted.image = extract_fields(source, options.extract);
  extracted.bytes = bytes.size();
  return interpret_stage(std::move(extracted), options);
}

Record read_text(std::string text, std::string name,
                 const ReadOptions& options) noexcept {
  Extracted extracted;
  extracted.job.path = std::move(name);
  // The key under which most writers leave it, whatever it is.
  extracted.image.fields.push_back(
      {Carrier::kPngText, Encoding::kUtf8, "parameters", std::move(text)});
  return interpret_stage(std::move(extracted), options);
}

}  // namespace sdmeta
