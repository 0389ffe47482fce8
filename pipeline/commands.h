// What each command does once its options are parsed. All return the exit
// value of the program.
#pragma once

#include <string_view>

#include "pipeline/exit_code.h"
#include "pipeline/options.h"

namespace sdmeta {

/// Prints `text` on standard output. kNotComplete if it could not be written; a
/// reader that has gone away is no failure.
ExitCode print(std::string_view text);

ExitCode run_command(const Usage& usage);
ExitCode run_command(const ExtractCommand& command);
ExitCode run_command(const ShowCommand& command);
ExitCode run_command(const EnrichCommand& command);
ExitCode run_command(const UrlsCommand& command);
ExitCode run_command(const CaptionsCommand& command);
ExitCode run_command(const FormatsCommand& command);
ExitCode run_command(const SchemaCommand& command);
ExitCode run_command(const VersionCommand& command);

}  // namespace sdmeta
