// Of several rows of one image, which counts. An image is known by its
// image_id, a row without one by its UUID. The row of the newest file counts
// (by time of change, then by the order in which the files are read), in one
// file the last; the user's name is taken from another row if this one has
// none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "extractor/limits.h"
#include "pipeline/csv_rows.h"
#include "pipeline/key_table.h"
#include "pipeline/report.h"

namespace sdmeta {

class CsvPrecedence {
 public:
  using Entries = std::span<const KeyTable::Entry>;

  /// `rows` must outlive this.
  CsvPrecedence(CsvRows& rows, const Limits& limits);

  /// Finds the rows that give way to others, and counts them in `rows`, whose
  /// digests are freed. Tells `report` of the first that disagree. Called once,
  /// before anything is asked.
  void settle(const Report& report);

  /// Another row of its image counts.
  bool is_outdated(std::uint32_t row) const { return is_outdated_[row]; }
  bool is_newer(std::uint32_t a, std::uint32_t b) const;
  /// The row that counts, of rows with one key.
  std::optional<std::uint32_t> newest(Entries entries) const;
  /// Of a row that counts; empty if nobody knows.
  std::string username_of(std::uint32_t row) const;

 private:
  struct Conflict {
    std::uint32_t row;
    std::uint32_t winner;
  };

  void rank_files();
  void settle_one(Entries entries);
  void settle_by_uuid(Entries entries);
  void give_way(std::uint32_t row, std::uint32_t winner);
  bool is_equal(std::uint32_t a, std::uint32_t b);
  std::string describe(const Conflict& conflict,
                       const std::map<std::uint32_t, std::uint64_t>& lines);
  void report_conflicts(const Report& report);
  std::map<std::uint32_t, std::uint64_t> conflict_lines() const;

  CsvRows& rows_;
  const Limits& limits_;
  std::vector<std::uint32_t> ranks_;  // of files: later counts more
  std::vector<bool> is_outdated_;
  std::vector<Conflict> conflicts_;  // not yet reported
  /// Row without user, and the file in the user's folder that has it too.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> usernames_;
  CsvRowText old_;
  CsvRowText new_;
};

}  // namespace sdmeta
