#include "pipeline/usage_errors.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <system_error>

#include "pipeline/suggest.h"

namespace sdmeta {
namespace {

/// Where a command that reads one output is given several, as of shards.
constexpr const char* kJoinOutputs =
    "; several outputs are joined with cat, and read from -";

std::string did_you_mean(std::string_view word,
                         const std::vector<std::string>& known) {
  if (word.empty()) return "";
  std::optional<std::string> closest = closest_word(word, known);
  for (const std::string& other : known)
    if (!closest && other.starts_with(word)) closest = other;
  return closest ? "; did you mean " + *closest + "?" : "";
}

}  // namespace

std::string either(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 < words.size() ? ", " : " or ";
    text += words[i];
  }
  return text;
}

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

std::string unexpected_argument(const std::string& word,
                                const CLI::App& command) {
  const std::string help = "see sdmeta " + command.get_name() + " -h";
  const bool takes_csv = command.get_option_no_throw("--csv") != nullptr;
  if (!word.starts_with('-') && word.find(".jsonl") != word.npos)
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

std::string wrong_value_count(std::string_view text) {
  const std::string name(text.substr(0, text.find(':')));
  if (text.ends_with(" missing")) return name + ": expects a value";
  const bool takes_records = name == "--records" || name == "--missing-from";
  return name + ": may be given once only" +
         (takes_records ? kJoinOutputs : "");
}

}  // namespace sdmeta
