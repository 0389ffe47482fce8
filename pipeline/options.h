// The command line as values. Parsing prints nothing and ends nothing: help and
// usage errors are returned as text.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "pipeline/captions.h"
#include "pipeline/csv_index.h"
#include "pipeline/diagnostics.h"
#include "pipeline/enrich.h"
#include "pipeline/exit_code.h"
#include "pipeline/inputs.h"
#include "pipeline/run.h"
#include "pipeline/schema.h"
#include "pipeline/sink.h"
#include "pipeline/urls.h"

namespace sdmeta {

struct ExtractCommand {
  InputOptions inputs;
  CsvOptions csv;  // without paths: no join
  SinkOptions output;
  RunOptions run;  // `stages.csv` is filled in by the command
  std::optional<std::string> stats_path;
  std::optional<std::string> unmatched_path;
  ProgressMode progress = ProgressMode::kAuto;
  bool is_quiet = false;
  bool is_strict = false;
};

struct ShowCommand {
  std::vector<std::string> files;  // `archive!/member` is a member
  bool as_json = false;
  bool is_nul_separated = false;  // lists
  StageOptions stages;
};

struct EnrichCommand {
  EnrichOptions options;
  bool is_quiet = false;
};

struct UrlsCommand {
  UrlsOptions options;
  bool is_quiet = false;
};

struct CaptionsCommand {
  CaptionsOptions options;
  bool is_quiet = false;
};

struct FormatsCommand {};

struct SchemaCommand {
  SchemaDialect dialect = SchemaDialect::kJsonSchema;
};

struct VersionCommand {};

/// Text instead of a command: help (kComplete, for standard output) or what is
/// wrong with the arguments (kNotComplete).
struct Usage {
  ExitCode code = ExitCode::kComplete;
  std::string text;
};

using Command = std::variant<Usage, ExtractCommand, ShowCommand, EnrichCommand,
                             UrlsCommand, CaptionsCommand, FormatsCommand,
                             SchemaCommand, VersionCommand>;

Command parse_options(int argc, const char* const* argv);

}  // namespace sdmeta
