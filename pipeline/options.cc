#include "pipeline/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "pipeline/help.h"
#include "pipeline/output_place.h"
#include "pipeline/usage_errors.h"

namespace sdmeta {
namespace {

unsigned core_count() {
  return std::max(1u, std::thread::hardware_concurrency());
}

/// "K/N" with 1 <= K <= N.
bool parse_shard(const std::string& text, Shard& shard) {
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, shard.number);
  if (number.ec != std::errc() || number.ptr == end || *number.ptr != '/')
    return false;
  const auto count = std::from_chars(number.ptr + 1, end, shard.count);
  return count.ec == std::errc() && count.ptr == end && shard.number >= 1 &&
         shard.number <= shard.count;
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

template <class T>
struct Choice {
  const char* word;
  T value;
};

constexpr Choice<StealthMode> kStealthModes[] = {
    {"auto", StealthMode::kAuto},
    {"always", StealthMode::kAlways},
    {"never", StealthMode::kNever}};
constexpr Choice<ProgressMode> kProgressModes[] = {
    {"auto", ProgressMode::kAuto},
    {"always", ProgressMode::kAlways},
    {"never", ProgressMode::kNever}};
constexpr Choice<SchemaDialect> kSchemaDialects[] = {
    {"json-schema", SchemaDialect::kJsonSchema},
    {"duckdb", SchemaDialect::kDuckdb},
    {"huggingface", SchemaDialect::kHuggingFace}};
constexpr Choice<UrlFormat> kUrlFormats[] = {{"plain", UrlFormat::kPlain},
                                             {"aria2", UrlFormat::kAria2}};

/// An option that takes one of a few words; `name` is its long one.
template <class T, std::size_t N>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& value,
                        const Choice<T> (&choices)[N], std::string about) {
  return app.add_option_function<std::string>(
      name,
      [&value, &choices, name](const std::string& text) {
        std::vector<std::string> words;
        for (const Choice<T>& choice : choices) {
          if (text == choice.word) {
            value = choice.value;
            return;
          }
          words.emplace_back(choice.word);
        }
        throw CLI::ValidationError(
            name, "expects " + either(words) + ", not " + text);
      },
      std::move(about));
}

/// An option that takes a whole number in a range; `name` is its long one,
/// `names` what the library takes.
template <class T, class Number>
CLI::Option* add_number(CLI::App& app, const std::string& names,
                        const std::string& name, T& value, Number min,
                        Number max, std::string about) {
  return app
      .add_option_function<std::string>(
          names,
          [&value, name, min, max](const std::string& text) {
            Number number{};
            const char* const end = text.data() + text.size();
            const auto [rest, fault] =
                std::from_chars(text.data(), end, number);
            if (fault != std::errc() || rest != end || number < min ||
                number > max)
              throw CLI::ValidationError(
                  name, "expects a whole number from " + std::to_string(min) +
                            " to " + std::to_string(max) + ", not " + text);
            value = number;
          },
          std::move(about))
      ->type_name("N");
}

void add_stage_options(CLI::App& app, StageOptions& stages) {
  add_choice(app, "--stealth", stages.extract.stealth, kStealthModes,
             "Look for text hidden in pixels: auto (when there is no other), "
             "always or never; default auto")
      ->type_name("WHEN");
  app.add_flag("--verify", stages.extract.verify,
               "Decode every pixel, to find broken downloads whose head is "
               "fine: truncated or corrupt as their status says, or, where "
               "parameters were read, a warning");
  app.add_flag("--keep-secrets,--keep-urls", stages.keep_secrets,
               "Keep signed query strings of addresses, and keys and passwords "
               "that graphs hold");
}

/// One value each time, as an argument behind it may be an input.
CLI::Option* add_csv_paths(CLI::App& app, std::vector<std::string>& paths) {
  return app
      .add_option("--csv", paths,
                  "CSV file, or folder of CSV files; may be repeated")
      ->type_name("PATH")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
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
  add_csv_paths(app, command.csv.paths);
  app.add_option_function<std::string>(
         "--match",
         [&command](const std::string& text) {
           if (!parse_match(text, command.csv))
             throw CLI::ValidationError(
                 "--match",
                 "expects any, image_id, image_url, id or "
                 "regex:(...), not " +
                     text);
         },
         "Which key of a row a file name holds: any, image_id, image_url, id "
         "or regex:(...), which is searched in the whole path, and whose first "
         "group, or else all it matches, is the key; default any")
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
           if (!parse_shard(text, command.inputs.shard))
             throw CLI::ValidationError(
                 "--shard", "expects K/N with K from 1 to N, not " + text);
         },
         "Only part K of N of the inputs, told apart by name")
      ->type_name("K/N");
  app.add_flag("--raw", command.run.stages.with_raw,
               "Keep every text of the image as it stands, in `raw`");
  add_stage_options(app, command.run.stages);
  add_number(app, "-j,--threads", "--threads", command.run.threads, 1u, 1024u,
             "Threads that parse; default one for each core, here " +
                 std::to_string(command.run.threads));
  add_number(app, "--io-depth", "--io-depth", command.run.io_depth, 0u, 1024u,
             "Files read at once where reading waits; 0 leaves reading to the "
             "threads that parse; default " +
                 std::to_string(command.run.io_depth));
  app.add_flag("--resume", command.output.resume,
               "Continue FILE.partial of an interrupted run; or, where FILE "
               "is complete, add the inputs it does not have");
  app.add_option("--stats", command.stats_path,
                 "Write the counts of the run as JSON")
      ->type_name("FILE");
  app.add_option("--unmatched-rows", command.unmatched_path,
                 "Write the CSV rows for which no image was seen")
      ->type_name("FILE");
  add_choice(app, "--progress", command.progress, kProgressModes,
             "Draw a progress line: auto (on a terminal), always or never; "
             "default auto")
      ->type_name("WHEN");
  app.add_flag("-q,--quiet", command.is_quiet, "No progress and no summary");
  app.add_flag("--strict", command.is_strict,
               "Exit with 1 if an input failed or is damaged, or had failed by "
               "a record that --resume found");
}

void add_show(CLI::App& app, ShowCommand& command) {
  app.description("Show what is in these images, for a person.");
  app.add_option("FILE", command.files,
                 "Images; ARCHIVE!/MEMBER is a member of an archive")
      ->required();
  app.add_flag("--json", command.as_json,
               "The record as indented JSON, with the raw text");
  app.add_flag("-0,--null", command.is_nul_separated,
               "Paths in a list end with NUL instead of a newline");
  add_stage_options(app, command.stages);
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
  add_csv_paths(app, command.options.csv_paths)->required();
  app.add_option("--records", command.options.records,
                 "Output of sdmeta extract: plain, .gz or .zst; - is standard "
                 "input")
      ->type_name("FILE")
      ->required();
  add_output(app, command.options.output, command.is_quiet);
}

void add_urls(CLI::App& app, UrlsCommand& command) {
  app.description("Write the addresses of the images in a CSV, each once.");
  add_csv_paths(app, command.options.csv_paths)->required();
  app.add_option("--missing-from", command.options.missing_from,
                 "Leave out images that this JSONL has a record of; broken "
                 "downloads are listed again")
      ->type_name("FILE");
  add_number(app, "--max-nsfw-level", "--max-nsfw-level",
             command.options.max_nsfw_level, std::int64_t{0},
             std::int64_t{1} << 32,
             "Leave out rows of a higher level, and rows without one");
  add_choice(app, "--format", command.options.format, kUrlFormats,
             "plain, or aria2 with a name for each file: its image_id, "
             "without extension; default plain")
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
  app.add_option_function<std::string>(
         "--field",
         [&command](const std::string& text) {
           const std::vector<std::string> fields = caption_fields();
           if (std::find(fields.begin(), fields.end(), text) == fields.end())
             throw CLI::ValidationError(
                 "--field", "expects " + either(fields) + ", not " + text);
           command.options.field = text;
         },
         "What to write: a field of `generation`, such as prompt, "
         "negative_prompt or model; default prompt")
      ->type_name("NAME");
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
  if (command.output.resume &&
      output_place(command.output.path).descriptor >= 0)
    return "--resume needs -o FILE to continue";
  if (command.unmatched_path && command.csv.paths.empty())
    return "--unmatched-rows needs --csv PATH";
  if (command.unmatched_path && command.inputs.shard.count > 1)
    return "--unmatched-rows cannot know the images of other shards; of all "
           "outputs joined, sdmeta enrich says which rows are missing";
  if (command.csv.match != MatchKey::kAny && command.csv.paths.empty())
    return "--match needs --csv PATH";
  const std::vector<std::string>& inputs = command.inputs.paths;
  const std::vector<std::string>& csv = command.csv.paths;
  const auto stdin_uses = std::count(inputs.begin(), inputs.end(), "-") +
                          std::count(csv.begin(), csv.end(), "-") +
                          (command.inputs.files_from == "-" ? 1 : 0);
  if (stdin_uses > 1) return "standard input can be read once";
  return std::nullopt;
}

/// Asked for with -h anywhere before --, whatever else is missing, or as a
/// command of its own.
bool wants_short_help(int argc, const char* const* argv) {
  if (std::string_view(argv[1]) == "help") return true;
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i)
    if (std::string_view(argv[i]) == "-h") return true;
  return false;
}

/// Null if there is none.
CLI::App* find_command(CLI::App& app, std::string_view name) {
  for (CLI::App* const command : app.get_subcommands({}))
    if (command->get_name() == name) return command;
  return nullptr;
}

/// Help of the command `word`, or of the program if it is an option or empty.
Usage help_of(const std::string& word, CLI::App& app) {
  if (!word.empty() && !word.starts_with('-') &&
      find_command(app, word) == nullptr)
    return {ExitCode::kNotComplete, unknown_command(word, app)};
  CLI::App* const command = find_command(app, word);
  const char* const help = short_help(command == nullptr ? "" : word);
  // Commands with few options have one help.
  return {ExitCode::kComplete,
          help != nullptr ? help : command->help("sdmeta")};
}

Usage refused(std::string why) {
  return {ExitCode::kNotComplete, std::move(why)};
}

/// Every command that has options, with their defaults.
struct Commands {
  ExtractCommand extract;
  ShowCommand show;
  EnrichCommand enrich;
  UrlsCommand urls;
  CaptionsCommand captions;
  SchemaCommand schema;

  Commands() {
    extract.run.threads = core_count();
    extract.run.io_depth = kDefaultIoDepth;
    urls.options.threads = core_count();
  }
};

void add_commands(CLI::App& app, Commands& commands) {
  app.set_help_flag("--help", "Everything about a command");
  app.require_subcommand(1);
  add_extract(*app.add_subcommand("extract"), commands.extract);
  add_show(*app.add_subcommand("show"), commands.show);
  add_enrich(*app.add_subcommand("enrich"), commands.enrich);
  add_urls(*app.add_subcommand("urls"), commands.urls);
  add_captions(*app.add_subcommand("captions"), commands.captions);
  app.add_subcommand("formats",
                     "List the writers and the file types that are read.");
  add_choice(*app.add_subcommand("schema", "Print the schema of a record."),
             "--for", commands.schema.dialect, kSchemaDialects,
             "json-schema, duckdb (column types for read_json) or huggingface "
             "(datasets.Features); default json-schema")
      ->type_name("READER");
  app.add_subcommand("version",
                     "Print the version and those of the libraries.");
}

/// Fills the options of `chosen`. Help, or what is wrong, where that cannot be
/// done.
std::optional<Usage> parse(CLI::App& app, const CLI::App* chosen, int argc,
                           const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Usage{ExitCode::kComplete, app.help()};
  } catch (const CLI::ExtrasError&) {
    const std::vector<std::string> rest = chosen->remaining();
    return refused(
        unexpected_argument(rest.empty() ? "" : rest.front(), *chosen));
  } catch (const CLI::RequiredError& error) {
    if (std::optional<std::string> unknown =
            unknown_option(argc, argv, *chosen))
      return refused(*std::move(unknown));
    return refused(std::string(error.what()) + "; see sdmeta " + argv[1] +
                   " -h");
  } catch (const CLI::ArgumentMismatch& error) {
    return refused(wrong_value_count(error.what()));
  } catch (const CLI::ParseError& error) {
    return refused(error.what());
  }
  return std::nullopt;
}

}  // namespace

Command parse_options(int argc, const char* const* argv) {
  if (argc < 2) return refused(short_help(""));
  const std::string first = argv[1];
  if (first == "--version" || first == "-V") return VersionCommand{};
  Commands commands;
  CLI::App app("Generation parameters of Stable Diffusion images as JSON lines",
               "sdmeta");
  add_commands(app, commands);
  if (wants_short_help(argc, argv)) {
    if (first == "help") return help_of(argc > 2 ? argv[2] : "", app);
    return help_of(first, app);
  }
  const CLI::App* const chosen = find_command(app, first);
  if (chosen == nullptr && first != "--help")
    return refused(unknown_command(first, app));
  if (const std::optional<std::string> option = empty_option(argc, argv))
    return refused(*option + ": expects a value; is a variable not set?");
  if (std::optional<Usage> usage = parse(app, chosen, argc, argv))
    return *std::move(usage);

  if (first == "show") return commands.show;
  if (first == "enrich") return commands.enrich;
  if (first == "urls") return commands.urls;
  if (first == "captions") return commands.captions;
  if (first == "formats") return FormatsCommand{};
  if (first == "schema") return commands.schema;
  if (first == "version") return VersionCommand{};
  ExtractCommand& extract = commands.extract;
  if (std::optional<std::string> wrong = complaint(extract))
    return refused(*std::move(wrong));
  extract.csv.threads = extract.run.threads;
  extract.run.stages.compression = compression_of(extract.output.path);
  return extract;
}

}  // namespace sdmeta
