// What is wrong with a command line, and what was meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace sdmeta {

/// "a, b or c".
std::string either(const std::vector<std::string>& words);

/// What is wrong with a first word that is no command.
std::string unknown_command(const std::string& word, CLI::App& app);

/// What is wrong with an argument that nothing takes.
std::string unexpected_argument(const std::string& word,
                                const CLI::App& command);

/// What is wrong with the first option that the command does not have, if
/// there is one: the library tells first of others that are missing.
std::optional<std::string> unknown_option(int argc, const char* const* argv,
                                          const CLI::App& command);

/// The first option whose value is empty, as it is where a shell's variable is
/// not set; the library would take the next argument for the value.
std::optional<std::string> empty_option(int argc, const char* const* argv);

/// What is wrong with an option that has no value or several; `text` is the
/// library's message, which begins with the name.
std::string wrong_value_count(std::string_view text);

}  // namespace sdmeta
