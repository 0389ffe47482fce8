// Captions that wait in a temporary file until it is known which of them count.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "extractor/error.h"
#include "pipeline/spill_file.h"

namespace sdmeta {

/// A record's caption, before it is known that no later record replaces it.
struct Caption {
  std::uint64_t line_number = 0;  // of the record
  std::string image;              // as the record names it
  std::string folders;            // below the captions' folder
  std::string name;
  std::string text;
};

/// Captions set aside in order, and read again in order.
class SpilledCaptions {
 public:
  /// The file lies in `folder`, or in $TMPDIR where it cannot.
  static Result<SpilledCaptions> in(const std::string& folder);

  std::optional<Error> append(const Caption& caption);
  /// After the last append(), before the first next().
  std::optional<Error> flush() { return spill_->flush(); }
  /// Makes `caption` the next one. There is one.
  std::optional<Error> next(Caption& caption);

 private:
  explicit SpilledCaptions(std::unique_ptr<SpillFile> spill)
      : spill_(std::move(spill)) {}
  std::optional<Error> read(std::uint64_t size);

  std::unique_ptr<SpillFile> spill_;
  std::uint64_t position_ = 0;  // in it, of what is read next
  std::string bytes_;
};

}  // namespace sdmeta
