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

  /// Whether another field may be added; the first that may not is noted.
  bool may_add();

  /// Bytes that the next field may have.
  std::size_t room() const noexcept;

  /// How many of `bytes` of a field may be read; fewer are noted as
  /// kFieldTooLarge, or kTooManyFields. `place` names the field, `offset` is
  /// where it stands.
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

  /// Takes `bytes` of Limits::max_search_bytes for a search of texts that
  /// nothing points to; the first that are too many are noted.
  bool may_search(std::size_t bytes);

  /// A field was found of the kind that holds a whole generation: what the same
  /// writer adds stands beside it, not behind the pixels.
  bool has_generation_text() const noexcept { return has_generation_text_; }

  /// Whether one of the fields from this one on is of that kind.
  bool has_generation_text_from(std::size_t first_field) const noexcept;

  ImageFields& image() noexcept { return image_; }
  const Limits& limits() const noexcept { return limits_; }

 private:
  bool is_full() const noexcept {
    return image_.fields.size() >= limits_.max_fields;
  }

  ImageFields& image_;
  const Limits& limits_;
  std::size_t total_bytes_ = 0;  // of the fields, as JSON if they are many
  std::size_t walked_ = 0;
  std::size_t searched_bytes_ = 0;
  bool has_generation_text_ = false;
};

/// Length of the key that `text` ends with, of those that writers of images
/// put in front of texts; 0 if it ends with none. For damaged files, in which a
/// text can be told only by its key.
std::size_t text_key_behind(std::string_view text) noexcept;

/// Length of the key of a whole generation that `text` begins with, or 0.
std::size_t generation_key_before(std::string_view text) noexcept;

}  // namespace sdmeta
