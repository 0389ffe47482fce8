// What the program's exit value means; the whole set.
#pragma once

namespace sdmeta {

enum class ExitCode : int {
  kComplete = 0,      // every input has its record; failures are in the records
  kInputsFailed = 1,  // only with --strict: some record's status is a failure
  // Usage error, unreadable or changed CSV, unreadable list, unwritable output;
  // of `show`: a file that cannot be read.
  kNotComplete = 2,
  kInterrupted = 130,
};

}  // namespace sdmeta
