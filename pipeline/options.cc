#include "pipeline/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "pipeline/help.h"
#include "pipeline/output_place.h"
#include "pipeline/suggest.h"

namespace sdmeta {
namespace {

unsigned core_count() {
  return std::max(1u, std::thread::hardware_concurrency());
}

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

/// "a, b or c".
std::string either(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 < words.size() ? ", " : " or ";
    text += words[i];
  }
  return text;
}

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
  app.add_flag("--keep-urls", stages.keep_urls,
               "Keep the query strings of addresses, which may be signed");
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
           if (!parse_shard(text, command.inputs))
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
  if (command.unmatched_path && command.inputs.shards > 1)
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

std::string did_you_mean(std::string_view word,
                         const std::vector<std::string>& known) {
  if (word.empty()) return "";
  std::optional<std::string> closest = closest_word(word, known);
  for (const std::string& other : known)
    if (!closest && other.starts_with(word)) closest = other;
  return closest ? "; did you mean " + *closest + "?" : "";
}

/// Null if there is none.
CLI::App* find_command(CLI::App& app, std::string_view name) {
  for (CLI::App* const command : app.get_subcommands({}))
    if (command->get_name() == name) return command;
  return nullptr;
}

/// What is wrong with a first word that is no command.
std::string unknown_command(const std::string& word, CLI::App& app) {
  if (word.starts_with('-'))
    return "unknown option " + word + " in front of the command; see sdmeta -h";
  std::error_code ignored;
  if (std::filesystem::exists(word, ignored))
    return word + " is no command; to read it: sdmeta extract " + word;
  std::vector<std::string> commands;
  for (const CLI::App* const command : app.get_subcommands({}))
    commands.push_back(command->get_name());
  const std::string meant = did_you_mean(word, commands);
  return "unknown command " + word +
         (meant.empty() ? "; expected " + either(commands) : meant);
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

/// Where a command that reads one output is given several, as of shards.
constexpr const char* kJoinOutputs =
    "; several outputs are joined with cat, and read from -";

/// What is wrong with an argument that nothing takes.
std::string unexpected_argument(const std::string& word,
                                const CLI::App& command) {
  const std::string help = "see sdmeta " + command.get_name() + " -h";
  const bool takes_csv = command.get_option_no_throw("--csv") != nullptr;
  if (word.find(".jsonl") != word.npos)
    return "unexpected argument " + word + kJoinOutputs;
  if (!word.starts_with('-'))
    return "unexpected argument " + word + "; " +
           (takes_csv ? "for another CSV: --csv " + word : help);
  std::vector<std::string> options;
  for (const CLI::Option* const option : command.get_options())
    for (const std::string& name : option->get_lnames())
      options.push_back("--" + name);
  const std::string option = word.substr(0, word.find('='));
  const std::string meant = did_you_mean(option, options);
  return "unknown option " + option + (meant.empty() ? "; " + help : meant);
}

/// What is wrong with the first option that the command does not have, if
/// there is one: the library tells first of others that are missing.
std::optional<std::string> unknown_option(int argc, const char* const* argv,
                                          const CLI::App& command) {
  for (int i = 2; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    const std::string word = argv[i];
    const std::string option = word.starts_with("--")
                                   ? word.substr(0, word.find('='))
                                   : word.substr(0, 2);
    if (word.starts_with('-') && word != "-" &&
        command.get_option_no_throw(option) == nullptr)
      return unexpected_argument(word, command);
  }
  return std::nullopt;
}

/// The first option whose value is empty, as it is where a shell's variable is
/// not set; the library would take the next argument for the value.
std::optional<std::string> empty_option(int argc, const char* const* argv) {
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    std::string word = argv[i];
    if (word.size() < 3 || !word.starts_with("--") || !word.ends_with('='))
      continue;
    word.pop_back();
    if (word.find('=') == word.npos) return word;
  }
  return std::nullopt;
}

/// What is wrong with an option that has no value or several; `text` is the
/// library's message, which begins with the name.
std::string wrong_value_count(std::string_view text) {
  const std::string name(text.substr(0, text.find(':')));
  if (text.ends_with(" missing")) return name + ": expects a value";
  const bool takes_records = name == "--records" || name == "--missing-from";
  return name + ": may be given once only" +
         (takes_records ? kJoinOutputs : "");
}

}  // namespace

Command parse_options(int argc, const char* const* argv) {
  if (argc < 2) return Usage{ExitCode::kNotComplete, short_help("")};
  const std::string first = argv[1];
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
  add_choice(*on_schema, "--for", schema.dialect, kSchemaDialects,
             "json-schema, duckdb (column types for read_json) or huggingface "
             "(datasets.Features); default json-schema")
      ->type_name("READER");
  CLI::App* const on_version = app.add_subcommand(
      "version", "Print the version and those of the libraries.");

  if (first == "--version" || first == "-V") return VersionCommand{};
  if (wants_short_help(argc, argv)) {
    if (first == "help") return help_of(argc > 2 ? argv[2] : "", app);
    return help_of(first, app);
  }
  const CLI::App* const chosen = find_command(app, first);
  if (chosen == nullptr && first != "--help")
    return Usage{ExitCode::kNotComplete, unknown_command(first, app)};
  if (const std::optional<std::string> option = empty_option(argc, argv))
    return Usage{ExitCode::kNotComplete,
                 *option + ": expects a value; is a variable not set?"};
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Usage{ExitCode::kComplete, app.help()};
  } catch (const CLI::ExtrasError&) {
    const std::vector<std::string> rest = chosen->remaining();
    return Usage{
        ExitCode::kNotComplete,
        unexpected_argument(rest.empty() ? "" : rest.front(), *chosen)};
  } catch (const CLI::RequiredError& error) {
    const std::optional<std::string> unknown =
        unknown_option(argc, argv, *chosen);
    return Usage{
        ExitCode::kNotComplete,
        unknown ? *unknown
                : std::string(error.what()) + "; see sdmeta " + first + " -h"};
  } catch (const CLI::ArgumentMismatch& error) {
    return Usage{ExitCode::kNotComplete, wrong_value_count(error.what())};
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
