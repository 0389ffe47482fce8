// sdmeta: options -> command -> exit value.
#include <variant>

#include "pipeline/commands.h"
#include "pipeline/options.h"

int main(int argc, char** argv) {
  const sdmeta::Command command = sdmeta::parse_options(argc, argv);
  return static_cast<int>(std::visit(
      [](const auto& chosen) { return sdmeta::run_command(chosen); }, command));
}
