// Gathers the findings of one file under the limits: readers hand over text and
// observations, and need not count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "extractor/limits.h"
#include "extractor/raw_fields.h"
#include "extractor/text_decode.h"

namespace sdmeta {

class FieldCollector {
 public:
  /// Both must outlive the collector.
  FieldCollector(ImageFields& image, const Limits& limits) noexcept
      : image_(image), limits_(limits) {}

  /// Adds a field. One too many, or one that is too long, is cut or left out
  /// with a note; damaged text is kept with a note.
  void add(Carrier carrier, std::string key, Text text);

  /// Bytes that the next field may have.
  std::size_t room() const noexcept;

  /// How many of `bytes` of a field may be read; fewer are noted as
  /// kFieldTooLarge. `place` names the field, `offset` is where it stands.
  std::size_t admit(std::uint64_t bytes, std::string_view place,
                    std::optional<std::uint64_t> offset = {});

  /// Adds a lesser finding. Repetitions and what passes Limits::max_notes are
  /// dropped.
  void note(ErrorCode code, std::string detail,
            std::optional<std::uint64_t> offset = {});

  /// The container is broken. The first such finding stays; later ones are
  /// notes.
  void damage(ErrorCode code, std::string detail,
              std::optional<std::uint64_t> offset = {});

  /// True once for each chunk, segment, box or element that may still be
  /// walked; the first that may not is noted.
  bool may_walk_on();

  /// A field was found of the kind that holds a whole generation: what the same
  /// writer adds stands beside it, not behind the pixels.
  bool has_generation_text() const noexcept { return has_generation_text_; }

  ImageFields& image() noexcept { return image_; }
  const Limits& limits() const noexcept { return limits_; }

 private:
  ImageFields& image_;
  const Limits& limits_;
  std::size_t total_bytes_ = 0;  // of the fields, as JSON if they are many
  std::size_t walked_ = 0;
  bool has_generation_text_ = false;
};

}  // namespace sdmeta
