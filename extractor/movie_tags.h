// Tags of MP4 and QuickTime: values in `ilst` lists, under four-character codes
// (iTunes) or under names that a `keys` box holds (QuickTime, and FFmpeg with
// -movflags use_metadata_tags), and the user data texts of old QuickTime.
// https://developer.apple.com/documentation/quicktime-file-format/metadata_atoms_and_types
#pragma once

#include "extractor/box_walk.h"

namespace sdmeta {

/// A `moov` box: its tags, those of its tracks, and the size of the picture.
void read_movie(ByteWindow& in, const Box& moov, FieldCollector& out);

/// The tags of a `meta` box, given the part behind version and flags.
void read_tag_list(ByteWindow& in, const Box& children, FieldCollector& out);

/// The children of a `meta` box: QuickTime has them at once, MP4 and HEIF
/// behind version and flags.
Box meta_children(ByteWindow& in, const Box& meta);

}  // namespace sdmeta
