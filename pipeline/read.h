// One image, or one text, to its Record: what `sdmeta extract` would write a
// line about, as a value. The door for programs that use sdmeta as a library;
// append_record() of pipeline/encode.h makes the line.
//
// Nothing is global: all may be called by any number of threads at once, and
// records own all they hold. Nothing is thrown: what goes wrong is in `status`,
// `error` and `warnings`, as it is in the output. Work and memory are bounded
// by `ReadOptions::extract.limits` and by the length of the text, whatever the
// bytes say.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "extractor/extract.h"
#include "pipeline/record.h"

namespace sdmeta {

struct ReadOptions {
  ExtractOptions extract;
  bool with_raw = false;  // keep the texts as found, in `image.fields`
  // Keep signed query strings of addresses, and members of JSON that are named
  // as keys and passwords.
  bool keep_secrets = false;
};

/// A file, told by its bytes. Folders, pipes and what cannot be opened are
/// kUnreadable, archives kUnsupportedFormat. `image_id` is read off the name.
Record read_file(const std::string& path,
                 const ReadOptions& options = {}) noexcept;

/// A file in memory, which is looked at during the call only. `name` becomes
/// `file` of the record, and may be an address.
Record read_bytes(std::span<const std::uint8_t> bytes, std::string name = {},
                  const ReadOptions& options = {}) noexcept;

/// Text that was taken out of an image, from a database say: infotext, a
/// ComfyUI graph of either kind, or the JSON of any other writer; UTF-8. Words
/// without settings are taken for a prompt, with a warning (kLowConfidence).
/// There is no image: `image` and `bytes` are empty. For several texts of one
/// image, or a text whose key or carrier matters, fill ImageFields::fields and
/// call interpret().
Record read_text(std::string text, std::string name = {},
                 const ReadOptions& options = {}) noexcept;

}  // namespace sdmeta
