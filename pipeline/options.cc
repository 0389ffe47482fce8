#include "pipeline/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <string_view>
#include <thread>

namespace sdmeta {
namespace {

constexpr const char* kShortHelp =
    R"(sdmeta: generation parameters of Stable Diffusion images as JSON lines

  sdmeta extract [--csv PATH]... [-o OUT.jsonl[.zst|.gz]] INPUT...
  sdmeta show FILE...                what is in an image, for a person
  sdmeta urls --csv PATH             addresses of the images in a CSV
  sdmeta enrich --csv PATH --records OUT.jsonl -o NEW.csv
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
  --strict               exit 1 if an input failed
  -q, --quiet            no progress and no summary
More: --files-from -0 --all-files --stealth --keep-urls --io-depth --progress

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
  --keep-urls   do not cut signed query strings off addresses

FILE may be a member of an archive: shots.tar!/12345678.png
)";

constexpr const char* kEnrichHelp =
    R"(sdmeta enrich --csv PATH --records FILE [-o FILE]

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
    R"(sdmeta urls --csv PATH [OPTIONS]      addresses of the images in a CSV

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
gives DIR/7.txt. Existing files are kept.

  --to DIR      folder of the captions; made if it is not there
  --field NAME  what to write: a field of `generation` (prompt)
  --mirror      keep the folders of the images below DIR
  --force       overwrite existing files
  -q, --quiet   no summary

Example
  sdmeta captions out.jsonl --to shots/
)";

unsigned core_count() { return std::max(1u, std::thread::hardware_concurrency()); }

/// "K/N" with 1 <= K <= N.
bool parse_shard(const std::string& text, InputOptions& inputs) {
  const char* const end = text.data() + text.size();
  const auto shard = std::from_chars(text.data(), end, inputs.shard);
  if (shard.ec != std::errc() || shard.ptr == end || *shard.ptr != '/')
    return false;
  const auto shards = std::from_chars(shard.ptr + 1, end, inputs.shards);
  return shards.ec == std::errc() && shards.ptr == end && inputs.shard >= 1 &&
         inputs.shard <= inputs.shards;
}

bool parse_match(const std::string& text, CsvOptions& csv) {
  const std::map<std::string_view, MatchKey> keys = {
      {"any", MatchKey::kAny},
      {"image_id", MatchKey::kImageId},
      {"image_url", MatchKey::kImageUrl},
      {"id", MatchKey::kId}};
  constexpr std::string_view kRegex = "regex:";
  if (text.starts_with(kRegex)) {
    csv.match = MatchKey::kRegex;
    csv.regex = text.substr(kRegex.size());
    return !csv.regex.empty();
  }
  const auto found = keys.find(text);
  if (found == keys.end()) return false;
  csv.match = found->second;
  return true;
}

const std::map<std::string, StealthMode> kStealthModes = {
    {"auto", StealthMode::kAuto},
    {"always", StealthMode::kAlways},
    {"never", StealthMode::kNever}};
const std::map<std::string, ProgressMode> kProgressModes = {
    {"auto", ProgressMode::kAuto},
    {"always", ProgressMode::kAlways},
    {"never", ProgressMode::kNever}};
const std::map<std::string, SchemaDialect> kSchemaDialects = {
    {"json-schema", SchemaDialect::kJsonSchema},
    {"duckdb", SchemaDialect::kDuckdb},
    {"huggingface", SchemaDialect::kHuggingFace}};

void add_stage_options(CLI::App& app, StageOptions& stages) {
  app.add_option("--stealth", stages.extract.stealth,
                 "Look for text hidden in pixels: auto (when there is no other)"
                 ", always or never; default auto")
      ->transform(CLI::CheckedTransformer(kStealthModes))
      ->type_name("WHEN");
  app.add_flag("--verify", stages.extract.verify,
               "Decode every pixel; a broken image is truncated or corrupt "
               "even when its head is fine");
  app.add_flag("--keep-urls", stages.keep_urls,
               "Keep the query strings of addresses, which may be signed");
}

void add_extract(CLI::App& app, ExtractCommand& command) {
  app.description("Write one JSON line for each input image, in input order.");
  app.add_option("INPUT", command.inputs.paths,
                 "Images, folders, archives; - reads a list from standard "
                 "input");
  app.add_option("-o,--output", command.output.path,
                 "Output file, - for standard output; a name that ends in .gz "
                 "or .zst is compressed. It grows as FILE.partial and is "
                 "renamed when complete")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--csv", command.csv.paths,
                 "CSV file, or folder of CSV files, to join with")
      ->type_name("PATH")
      ->allow_extra_args(false);
  app.add_option_function<std::string>(
         "--match",
         [&command](const std::string& text) {
           if (!parse_match(text, command.csv))
             throw CLI::ValidationError(
                 "--match", "expects any, image_id, image_url, id or "
                            "regex:(...), not " + text);
         },
         "Which key of a row a file name holds: any, image_id, image_url, id "
         "or regex:(...), whose first group is the key; default any")
      ->type_name("HOW");
  app.add_option("--files-from", command.inputs.files_from,
                 "Read input paths from a file, one a line; - is standard "
                 "input")
      ->type_name("FILE");
  app.add_flag("-0,--null", command.inputs.is_nul_separated,
               "Paths in lists end with NUL instead of a newline");
  app.add_flag("--all-files", command.inputs.all_files,
               "In folders and archives, read files of any name");
  app.add_option_function<std::string>(
         "--shard",
         [&command](const std::string& text) {
           if (!parse_shard(text, command.inputs))
             throw CLI::ValidationError(
                 "--shard", "expects K/N with K from 1 to N, not " + text);
         },
         "Only part K of N of the inputs, told apart by name")
      ->type_name("K/N");
  app.add_flag("--raw", command.run.stages.with_raw,
               "Keep every text of the image as it stands, in `raw`");
  add_stage_options(app, command.run.stages);
  app.add_option("-j,--threads", command.run.threads, "Threads that parse")
      ->check(CLI::Range(1u, 1024u))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--io-depth", command.run.io_depth,
                 "Files read at once where reading waits; 0 leaves reading to "
                 "the threads that parse")
      ->check(CLI::Range(0u, 1024u))
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--resume", command.output.resume,
               "Continue FILE.partial of an interrupted run; or, where FILE "
               "is complete, add the inputs it does not have");
  app.add_option("--stats", command.stats_path,
                 "Write the counts of the run as JSON")
      ->type_name("FILE");
  app.add_option("--unmatched-rows", command.unmatched_path,
                 "Write the CSV rows for which no image was seen")
      ->type_name("FILE");
  app.add_option("--progress", command.progress,
                 "Draw a progress line: auto (on a terminal), always or never;"
                 " default auto")
      ->transform(CLI::CheckedTransformer(kProgressModes))
      ->type_name("WHEN");
  app.add_flag("-q,--quiet", command.is_quiet, "No progress and no summary");
  app.add_flag("--strict", command.is_strict,
               "Exit with 1 if an input failed");
}

void add_show(CLI::App& app, ShowCommand& command) {
  app.description("Show what is in these images, for a person.");
  app.add_option("FILE", command.files,
                 "Images; ARCHIVE!/MEMBER is a member of an archive")
      ->required();
  app.add_flag("--json", command.as_json,
               "The record as indented JSON, with the raw text");
  add_stage_options(app, command.stages);
}

void add_csv_paths(CLI::App& app, std::vector<std::string>& paths) {
  app.add_option("--csv", paths, "CSV file, or folder of CSV files")
      ->type_name("PATH")
      ->required()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_output(CLI::App& app, std::string& path, bool& is_quiet) {
  app.add_option("-o,--output", path,
                 "Output file, - for standard output; a name that ends in .gz "
                 "or .zst is compressed")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_flag("-q,--quiet", is_quiet, "No summary");
}

void add_enrich(CLI::App& app, EnrichCommand& command) {
  app.description(
      "Write every CSV row, with its cells untouched, and the columns of its "
      "record.");
  command.options.output = "-";
  add_csv_paths(app, command.options.csv_paths);
  app.add_option("--records", command.options.records,
                 "Output of sdmeta extract: plain, .gz or .zst; - is standard "
                 "input")
      ->type_name("FILE")
      ->required();
  add_output(app, command.options.output, command.is_quiet);
}

const std::map<std::string, UrlFormat> kUrlFormats = {
    {"plain", UrlFormat::kPlain}, {"aria2", UrlFormat::kAria2}};

void add_urls(CLI::App& app, UrlsCommand& command) {
  app.description("Write the addresses of the images in a CSV, each once.");
  add_csv_paths(app, command.options.csv_paths);
  app.add_option("--missing-from", command.options.missing_from,
                 "Leave out images that this JSONL has a record of; broken "
                 "downloads are listed again")
      ->type_name("FILE");
  app.add_option("--max-nsfw-level", command.options.max_nsfw_level,
                 "Leave out rows of a higher level, and rows without one")
      ->type_name("N");
  app.add_option("--format", command.options.format,
                 "plain, or aria2 with a name for each file: its image_id, "
                 "without extension; default plain")
      ->transform(CLI::CheckedTransformer(kUrlFormats))
      ->type_name("FORMAT");
  add_output(app, command.options.output, command.is_quiet);
}

void add_captions(CLI::App& app, CaptionsCommand& command) {
  app.description("Write a text file for each record, named like its image.");
  app.add_option("FILE", command.options.records,
                 "Output of sdmeta extract: plain, .gz or .zst; - is standard "
                 "input")
      ->required();
  app.add_option("--to", command.options.directory,
                 "Folder of the captions; made if it is not there")
      ->type_name("DIR")
      ->required();
  app.add_option("--field", command.options.field,
                 "What to write: a field of `generation`, such as prompt, "
                 "negative_prompt or model")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_flag("--mirror", command.options.is_mirrored,
               "Keep the folders of the images below DIR");
  app.add_flag("--force", command.options.force, "Overwrite existing files");
  app.add_flag("-q,--quiet", command.is_quiet, "No summary");
}

/// What is wrong with a combination of options, if anything is.
std::optional<std::string> complaint(const ExtractCommand& command) {
  if (command.inputs.paths.empty() && !command.inputs.files_from)
    return "nothing to extract from: name images, folders or archives, or "
           "pass --files-from";
  if (command.output.resume && command.output.path == "-")
    return "--resume needs -o FILE to continue";
  if (command.unmatched_path && command.csv.paths.empty())
    return "--unmatched-rows needs --csv PATH";
  if (command.csv.match != MatchKey::kAny && command.csv.paths.empty())
    return "--match needs --csv PATH";
  const bool lists_stdin =
      std::count(command.inputs.paths.begin(), command.inputs.paths.end(),
                 "-") +
          (command.inputs.files_from == "-" ? 1 : 0) > 1;
  if (lists_stdin) return "standard input can be read once";
  return std::nullopt;
}

/// Asked for with -h anywhere before --, whatever else is missing.
bool wants_short_help(int argc, const char* const* argv) {
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i)
    if (std::string_view(argv[i]) == "-h") return true;
  return false;
}

const char* short_help(std::string_view command) {
  if (command == "extract") return kExtractHelp;
  if (command == "show") return kShowHelp;
  if (command == "enrich") return kEnrichHelp;
  if (command == "urls") return kUrlsHelp;
  if (command == "captions") return kCaptionsHelp;
  return kShortHelp;
}

}  // namespace

Command parse_options(int argc, const char* const* argv) {
  if (wants_short_help(argc, argv))
    return Usage{ExitCode::kComplete, short_help(argv[1])};
  if (argc < 2) return Usage{ExitCode::kNotComplete, kShortHelp};

  ExtractCommand extract;
  extract.run.threads = core_count();
  extract.run.io_depth = kDefaultIoDepth;
  ShowCommand show;
  EnrichCommand enrich;
  UrlsCommand urls;
  CaptionsCommand captions;
  SchemaCommand schema;

  CLI::App app("Generation parameters of Stable Diffusion images as JSON lines",
               "sdmeta");
  app.set_help_flag("--help", "Everything about a command");
  app.require_subcommand(1);
  CLI::App* const on_extract = app.add_subcommand("extract");
  add_extract(*on_extract, extract);
  CLI::App* const on_show = app.add_subcommand("show");
  add_show(*on_show, show);
  CLI::App* const on_enrich = app.add_subcommand("enrich");
  add_enrich(*on_enrich, enrich);
  CLI::App* const on_urls = app.add_subcommand("urls");
  urls.options.threads = core_count();
  add_urls(*on_urls, urls);
  CLI::App* const on_captions = app.add_subcommand("captions");
  add_captions(*on_captions, captions);
  CLI::App* const on_formats = app.add_subcommand(
      "formats", "List the writers and the file types that are read.");
  CLI::App* const on_schema =
      app.add_subcommand("schema", "Print the schema of a record.");
  on_schema
      ->add_option("--for", schema.dialect,
                   "json-schema, duckdb (column types for read_json) or "
                   "huggingface (datasets.Features); default json-schema")
      ->transform(CLI::CheckedTransformer(kSchemaDialects))
      ->type_name("READER");
  CLI::App* const on_version = app.add_subcommand(
      "version", "Print the version and those of the libraries.");

  if (std::string_view(argv[1]) == "--version") return VersionCommand{};
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Usage{ExitCode::kComplete, app.help()};
  } catch (const CLI::ParseError& error) {
    return Usage{ExitCode::kNotComplete, error.what()};
  }
  if (*on_show) return show;
  if (*on_enrich) return enrich;
  if (*on_urls) return urls;
  if (*on_captions) return captions;
  if (*on_formats) return FormatsCommand{};
  if (*on_schema) return schema;
  if (*on_version) return VersionCommand{};
  if (const std::optional<std::string> wrong = complaint(extract))
    return Usage{ExitCode::kNotComplete, *wrong};
  extract.csv.threads = extract.run.threads;
  extract.run.stages.compression = compression_of(extract.output.path);
  return extract;
}

}  // namespace sdmeta
