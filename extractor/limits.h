// Every bound on work and memory, in one place. Passing one is a warning in the
// record, never silence and never an abort.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace sdmeta {

struct Limits {
  // --- bytes of one file
  /// One text field after inflation. ComfyUI graphs with embedded images reach
  /// megabytes; a zlib bomb reaches any size. What a file costs in all is up to
  /// ten times its text: parsed, told apart, written.
  std::size_t max_field_bytes = 16u << 20;
  /// All text of one file together.
  std::size_t max_total_field_bytes = 32u << 20;
  /// Fields of one file.
  std::size_t max_fields = 4096;
  /// Chunks, segments, boxes or elements walked in one file.
  std::size_t max_chunks = 1u << 20;
  /// Findings kept about one file.
  std::size_t max_notes = 64;
  /// Bytes of a damaged file searched for its next chunk, segment or text.
  std::size_t max_search_bytes = 16u << 20;
  /// Entries of one IFD, and IFDs of one TIFF block.
  std::size_t max_ifd_entries = 4096;
  std::size_t max_ifds = 64;
  /// Nesting of tags in tags (Matroska). Boxes are not followed by nesting: the
  /// readers know the few places that hold text.
  std::size_t max_box_depth = 16;
  /// Pixels decoded for --verify and stealth data, a second's work of libpng for
  /// the fastest there are; 2^27 is 11585 x 11585.
  std::uint64_t max_pixels = 1ull << 27;
  /// Memory of one pixel decoder. Progressive JPEG and WebP cannot be decoded
  /// line by line; 4096 x 4096 of either fits.
  std::size_t max_decoder_bytes = 96u << 20;

  // --- payloads
  std::size_t max_json_depth = 256;
  /// Values of one JSON text, strings counting as one: real graphs stay under
  /// 10^5 even where embedded images make them tens of megabytes. Texts under
  /// 2 MiB are not counted.
  std::size_t max_json_values = 1'000'000;
  /// Nodes of one graph, their inputs, those of one node, and visits of one walk
  /// over it. The largest graphs seen have 2000 nodes and 20 000 inputs; a stack
  /// of 50 LoRAs has 250. No graph takes more than 50 ms, its JSON included.
  std::size_t max_graph_nodes = 16384;
  std::size_t max_graph_inputs = 65536;
  std::size_t max_node_inputs = 1024;
  std::size_t max_graph_visits = 1u << 18;
  /// Values of an editor's file looked at; those of a definition count again
  /// for each instance of it.
  std::size_t max_workflow_values = 1u << 19;
  /// Pairs of one settings line.
  std::size_t max_settings = 8192;

  // --- archives and CSV
  /// Bytes of one compressed archive member held in memory; the rest of a
  /// longer member is not seen.
  std::uint64_t max_member_bytes = 32ull << 20;
  /// Bytes of one deflated zip member that are inflated, of which the former
  /// number is held: files are read forwards, and pixels hopped over.
  std::uint64_t max_inflated_bytes = 128ull << 20;
  /// Bytes that an archive may unpack to for each of its own, once it has
  /// unpacked to `min_bomb_bytes`. Images hardly compress; bombs reach 1000.
  std::uint64_t max_unpack_ratio = 200;
  std::uint64_t min_bomb_bytes = 256ull << 20;
  std::size_t max_csv_row_bytes = 1u << 20;
  /// Window that unpacking LZMA fills; `xz -9` asks for as much. (libarchive
  /// has a limit of its own for .zst, 128 MiB.)
  std::uint64_t max_dictionary_bytes = 64ull << 20;
};

/// Of files that are read beside others. What passes one of these limits is
/// read again by itself, with the whole limits (`postponed` in pipeline).
inline Limits small_file_limits(Limits limits) {
  limits.max_field_bytes =
      std::min(limits.max_field_bytes, std::size_t{1} << 20);
  limits.max_total_field_bytes =
      std::min(limits.max_total_field_bytes, std::size_t{2} << 20);
  limits.max_decoder_bytes =
      std::min(limits.max_decoder_bytes, std::size_t{16} << 20);
  limits.max_member_bytes =
      std::min(limits.max_member_bytes, std::uint64_t{4} << 20);
  limits.max_dictionary_bytes =
      std::min(limits.max_dictionary_bytes, std::uint64_t{4} << 20);
  return limits;
}

}  // namespace sdmeta
