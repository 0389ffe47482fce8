// Bytes set aside in a file that has no name and goes away by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "extractor/error.h"
#include "pipeline/descriptor.h"

namespace sdmeta {

class SpillFile {
 public:
  /// The folder of `path`, "" for one without a folder.
  static std::string folder_of(const std::string& path);
  /// $TMPDIR, else /tmp.
  static std::string temporary_folder();

  /// Makes the file in `folder` ("" is the working directory). It is written
  /// `buffer_bytes` at a time. Errors name the folder.
  static Result<std::unique_ptr<SpillFile>> create(const std::string& folder,
                                                   std::size_t buffer_bytes);

  /// Bytes appended so far.
  std::uint64_t size() const { return written_ + buffer_.size(); }

  /// After an error nothing more can be appended.
  std::optional<Error> append(std::string_view bytes);
  /// Lets read() find what has been appended.
  std::optional<Error> flush();
  /// Makes `bytes` what stands from `begin` up to `end`.
  std::optional<Error> read(std::uint64_t begin, std::uint64_t end,
                            std::string& bytes) const;

 private:
  SpillFile(Descriptor file, std::string folder, std::size_t buffer_bytes);

  Descriptor file_;
  std::string folder_;
  std::string buffer_;
  std::size_t buffer_bytes_;
  std::uint64_t written_ = 0;
};

}  // namespace sdmeta
