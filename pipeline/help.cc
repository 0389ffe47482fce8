#include "pipeline/help.h"

namespace sdmeta {
namespace {

constexpr const char* kProgramHelp =
    R"(sdmeta: generation parameters of Stable Diffusion images as JSON lines

  sdmeta extract [--csv PATH]... [-o OUT.jsonl[.zst|.gz]] INPUT...
  sdmeta show FILE...                what is in an image, for a person
  sdmeta urls (--csv PATH)...        addresses of the images in a CSV
  sdmeta enrich (--csv PATH)... --records OUT.jsonl -o NEW.csv
  sdmeta captions OUT.jsonl --to DIR
  sdmeta formats | schema | version

INPUT is an image, a folder, an archive (tar, zip, 7z, ...), or - for a list of
paths on standard input. Every input gives exactly one line, in order.

Examples
  sdmeta extract shots/ -o shots.jsonl
  sdmeta extract shots.tar --csv all.csv -o shots.jsonl.zst
  find /data -name '*.png' -print0 | sdmeta extract -0 - | jq .status
  sdmeta show 12345678.png

sdmeta COMMAND -h shows a command's usual options, --help everything.
Exit: 0 complete, 1 failed inputs (--strict), 2 not complete, 130 interrupted.
)";

constexpr const char* kExtractHelp =
    R"(sdmeta extract [OPTIONS] INPUT...      one JSON line for each image, in order

INPUT is an image, a folder, an archive, or - for paths on standard input.
  -o, --output FILE      where to (standard output); .gz and .zst compress
  --csv PATH             CSV file or folder to join with; may be repeated
  --match HOW            image_id, image_url, id, regex:(...) (any of them)
  --raw                  keep the text as it stands in the image
  --verify               decode every pixel, to find broken downloads
  --resume               continue an interrupted run, or add what is new
  --shard K/N            only part K of N
  -j, --threads N        threads that parse (one for each core)
  --stats FILE           the summary as JSON
  --unmatched-rows FILE  CSV rows without an image
  --strict               exit 1 if an input failed or is damaged
  -q, --quiet            no progress and no summary
More: --files-from -0 --all-files --stealth --keep-secrets --io-depth --progress

Examples
  sdmeta extract shots/ -o shots.jsonl
  sdmeta extract shots/ --csv csv/ --unmatched-rows rest.csv -o shots.jsonl.zst
  sdmeta extract --resume shots/ -o shots.jsonl
  sdmeta extract --files-from list.txt --shard 3/8 -o part3.jsonl

Every option in full: sdmeta extract --help
)";

constexpr const char* kShowHelp =
    R"(sdmeta show [OPTIONS] FILE...      what is in these images, for a person

  --json        the record as indented JSON, with the raw text
  --keep-secrets  keep signed query strings of addresses, keys and passwords

FILE may be a member of an archive (shots.tar!/12345678.png), a whole archive, a
folder, or - for a list of paths on standard input (-0: they end with NUL).
)";

constexpr const char* kEnrichHelp =
    R"(sdmeta enrich (--csv PATH)... --records FILE [-o FILE]

Every row of the CSV, in order and with its cells untouched, followed by the
columns of its record: status, file, prompt, model, seed, ... A row without a
record stays, with status "missing".

  --csv PATH         CSV file or folder; may be repeated
  --records FILE     what sdmeta extract wrote: plain, .gz or .zst
  -o, --output FILE  where to (standard output); .gz and .zst compress
  -q, --quiet        no summary

Example
  sdmeta enrich --csv all/ --records out.jsonl.zst -o enriched.csv
)";

constexpr const char* kUrlsHelp =
    R"(sdmeta urls (--csv PATH)... [OPTIONS]      addresses of the images in a CSV

  --csv PATH             CSV file or folder; may be repeated
  --missing-from FILE    leave out what this JSONL has a sound record of
  --max-nsfw-level N     leave out rows of a higher level, or of none
  --format plain|aria2   aria2: with a name for each file, its image_id (plain)
  -o, --output FILE      where to (standard output)
  -q, --quiet            no summary

Example: download, extract, and again what is missing
  sdmeta urls --csv all/ --format aria2 -o list.txt
  aria2c -i list.txt -d shots --auto-file-renaming=false --allow-overwrite=true
  sdmeta extract shots/ --csv all/ -o out.jsonl
  sdmeta urls --csv all/ --missing-from out.jsonl --format aria2 -o rest.txt
)";

constexpr const char* kCaptionsHelp =
    R"(sdmeta captions FILE.jsonl --to DIR [OPTIONS]

A text file for each record, named like its image, for trainers: shots/7.png
gives DIR/7.txt, UUID/original=true gives DIR/UUID.txt or, with a row,
DIR/IMAGE_ID.txt. Existing files are kept.

  --to DIR      folder of the captions; made if it is not there
  --field NAME  what to write: a field of `generation` (prompt)
  --mirror      keep the folders of the images below DIR
  --force       overwrite existing files
  -q, --quiet   no summary

Examples
  sdmeta captions out.jsonl --to shots/
  sdmeta captions out.jsonl --mirror --to .     beside each image (of paths that
                                                begin with /: --to /)
  jq -c 'select(.image.width >= 1024) | .generation.prompt |=
    if . then gsub("<lora:[^>]*>"; "") else . end' out.jsonl |
    sdmeta captions - --to shots/               of some images, without LoRAs
)";

}  // namespace

const char* short_help(std::string_view command) {
  if (command == "extract") return kExtractHelp;
  if (command == "show") return kShowHelp;
  if (command == "enrich") return kEnrichHelp;
  if (command == "urls") return kUrlsHelp;
  if (command == "captions") return kCaptionsHelp;
  return command.empty() ? kProgramHelp : nullptr;
}

}  // namespace sdmeta
