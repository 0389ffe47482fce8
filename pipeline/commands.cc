#include "pipeline/commands.h"

#include <memory>

#include "pipeline/diagnostics.h"
#include "pipeline/formats.h"
#include "pipeline/version.h"
#include "pipeline/schema.h"
#include "pipeline/sink.h"

namespace sdmeta {

ExitCode print(std::string_view text) {
  const Result<std::unique_ptr<Sink>> out = Sink::open({}, nullptr);
  if (out.value()->write(text) || out.value()->is_reader_gone())
    return ExitCode::kComplete;
  Diagnostics(ProgressMode::kNever, true).report("-", *out.value()->error());
  return ExitCode::kNotComplete;
}

ExitCode run_command(const Usage& usage) {
  if (usage.code == ExitCode::kComplete) return print(usage.text);
  Diagnostics talk(ProgressMode::kNever, true);
  // What is wrong is one line; with no arguments it is the help itself.
  const bool is_help = usage.text.ends_with('\n');
  if (is_help)
    talk.print(usage.text);
  else
    talk.report(usage.text);
  return usage.code;
}

ExitCode run_command(const FormatsCommand&) { return print(print_formats()); }

ExitCode run_command(const SchemaCommand& command) {
  return print(print_schema(command.dialect));
}

ExitCode run_command(const VersionCommand&) { return print(print_version()); }

}  // namespace sdmeta
