#include "pipeline/csv_scan.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "pipeline/csv_cell.h"
#include "tests/support/csv_reference.h"

namespace sdmeta {
namespace {

using Kernel = CsvScanner::Kernel;
using Cells = std::vector<std::string>;

constexpr std::size_t kMaxRow = 200;

std::vector<ReferenceRecord> scan(std::string_view text, std::size_t columns,
                                  Kernel kernel = Kernel::kFastest,
                                  std::size_t max_row = kMaxRow) {
  CsvScanner scanner(columns, max_row, kernel);
  scanner.start(text, 0, true);
  CsvRecord record;
  std::vector<ReferenceRecord> records;
  while (scanner.next(record) == CsvScanner::Step::kRecord) {
    ReferenceRecord& got = records.emplace_back();
    got.begin = record.begin;
    got.is_broken = !record.fault.empty();
    for (std::size_t i = 0; i < record.cells(); ++i)
      got.cells.push_back(csv_value(record.cell(i)));
  }
  return records;
}

std::vector<Cells> cells(std::string_view text, std::size_t columns) {
  std::vector<Cells> all;
  for (const auto& record : scan(text, columns)) all.push_back(record.cells);
  return all;
}

std::string fault(std::string_view text, std::size_t columns) {
  CsvScanner scanner(columns, kMaxRow);
  scanner.start(text, 0, true);
  CsvRecord record;
  scanner.next(record);
  return record.fault;
}

TEST(CsvScan, SplitsRecordsAndCells) {
  EXPECT_EQ(cells("a,b\nc,\n", 2), (std::vector<Cells>{{"a", "b"}, {"c", ""}}));
}

TEST(CsvScan, QuotedCellsHoldCommasQuotesAndLineEnds) {
  EXPECT_EQ(cells("\"a,b\",\"say \"\"hi\"\"\"\n\"x\ny\",\"\"\n", 2),
            (std::vector<Cells>{{"a,b", "say \"hi\""}, {"x\ny", ""}}));
}

TEST(CsvScan, LinesMayEndWithCrLf) {
  EXPECT_EQ(cells("a,b\r\n\"c\",\"d\"\r\n", 2),
            (std::vector<Cells>{{"a", "b"}, {"c", "d"}}));
}

TEST(CsvScan, LastLineNeedsNoEnd) {
  EXPECT_EQ(cells("a,b\nc,d", 2), (std::vector<Cells>{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(cells("a,b\nc,\"d\"\r", 2),
            (std::vector<Cells>{{"a", "b"}, {"c", "d"}}));
}

TEST(CsvScan, EmptyLinesAreNoRecords) {
  EXPECT_EQ(cells("\na,b\n\r\n\nc,d\n\n", 2),
            (std::vector<Cells>{{"a", "b"}, {"c", "d"}}));
}

TEST(CsvScan, AQuoteInsideAnUnquotedCellIsText) {
  EXPECT_EQ(cells("5\" pipe,b\nc,d\n", 2),
            (std::vector<Cells>{{"5\" pipe", "b"}, {"c", "d"}}));
}

TEST(CsvScan, AnUnclosedQuoteCostsOneRow) {
  const auto got = scan("1,\"a\n2,\"b,c\"\n3,d\n", 2);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_TRUE(got[0].is_broken);
  EXPECT_EQ(got[1].cells, (Cells{"2", "b,c"}));
  EXPECT_EQ(got[2].cells, (Cells{"3", "d"}));
}

TEST(CsvScan, AQuoteThatIsNeverClosedCostsOneRow) {
  const auto got = scan("1,\"a\n2,b\n3,c\n", 2);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_TRUE(got[0].is_broken);
  EXPECT_EQ(got[2].cells, (Cells{"3", "c"}));
}

TEST(CsvScan, SaysWhatIsBroken) {
  EXPECT_EQ(fault("1,\"a\n2,b\n", 2), "a quote is never closed");
  EXPECT_EQ(fault("1,\"a\"b\n", 2), "text behind a closing quote");
  EXPECT_EQ(fault("1\n", 2), "1 cell, the header has 2");
  EXPECT_EQ(fault("1,2,3\n", 2), "more cells than the header's 2");
  EXPECT_EQ(fault("1," + std::string(kMaxRow, 'a') + "\n", 2),
            "no end within 200 bytes");
}

TEST(CsvScan, ARowOfExactlyTheLimitIsSound) {
  const std::string row = "1," + std::string(kMaxRow - 2, 'a');
  EXPECT_EQ(fault(row + "\n", 2), "");
  EXPECT_EQ(fault(row + "\r\n", 2), "");
  EXPECT_EQ(fault("1,\"" + std::string(kMaxRow - 4, 'a') + "\"\r\n", 2), "");
  EXPECT_NE(fault(row + "a\n", 2), "");
}

TEST(CsvScan, AHeaderMayHaveAnyNumberOfCells) {
  EXPECT_EQ(cells("a,\"b\",c", 0), (std::vector<Cells>{{"a", "b", "c"}}));
}

TEST(CsvScan, QuotesAreTakenOffCells) {
  std::string unquoted;
  EXPECT_EQ(csv_value("a\"b", unquoted), "a\"b");
  EXPECT_EQ(csv_value("\"a,b\"", unquoted), "a,b");
  EXPECT_EQ(csv_value("\"\"", unquoted), "");
  EXPECT_EQ(csv_value("\"\"\"\"", unquoted), "\"");
  EXPECT_EQ(csv_value("\"\"\"a\"\"b\"\"\"", unquoted), "\"a\"b\"");
}

TEST(CsvScan, WrittenCellsAreReadBack) {
  for (const std::string value :
       {"", "a", "a,b", "\"", "\"\"", "a\nb", "a\r\nb", " a", "a ", "'"}) {
    std::string line;
    append_csv_cell(line, value);
    EXPECT_EQ(csv_value(line), value);
    EXPECT_EQ(cells("x," + line + "\n", 2),
              (std::vector<Cells>{{"x", value}}));
  }
}

/// A text over the grammar's own bytes, most of it well formed.
std::string random_text(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {
      "a",    ",",     "\n",       "\r\n",          "\"",    "\"\"",
      "1,2",  "\"x\"", "\"a,b\"",  "\"c\"\"d\n\"",  "\r",    "a,b\n",
      "\"\n", ",\"",   "\"p,q\",", "lengthy text ", "a,\"b\"\n"};
  std::string text;
  const std::size_t pieces = random() % 60;
  for (std::size_t i = 0; i < pieces; ++i)
    text += kPieces[random() % std::size(kPieces)];
  return text;
}

// The block reader against a slow one that shares no code with it; every text
// also shifted, so that each byte meets each place of a block.
TEST(CsvScan, AgreesWithASlowReader) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    const std::string text =
        std::string(random() % 70, 'x') + random_text(random);
    const std::size_t columns = 1 + random() % 4;
    const std::size_t max_row = 20 + random() % 200;
    const auto expected = read_reference(text, columns, max_row);
    ASSERT_EQ(scan(text, columns, Kernel::kFastest, max_row), expected)
        << "columns " << columns << ", limit " << max_row << "\n" << text;
    ASSERT_EQ(scan(text, columns, Kernel::kPortable, max_row), expected)
        << "columns " << columns << ", limit " << max_row << "\n" << text;
  }
}

// A text that arrives in two pieces: whatever is given before the border must
// be what the whole text gives.
TEST(CsvScan, BordersAtEveryByteChangeNothing) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    const std::string text = random_text(random);
    const std::size_t columns = 1 + random() % 3;
    const auto expected = read_reference(text, columns, kMaxRow);
    for (std::size_t border = 0; border <= text.size(); ++border) {
      CsvScanner scanner(columns, kMaxRow);
      scanner.start(std::string_view(text).substr(0, border), 0, false);
      CsvRecord record;
      std::vector<ReferenceRecord> got;
      bool is_whole = false;
      for (;;) {
        const CsvScanner::Step step = scanner.next(record);
        if (step == CsvScanner::Step::kEnd) break;
        if (step == CsvScanner::Step::kMore) {
          ASSERT_FALSE(is_whole);
          is_whole = true;
          scanner.start(text, record.begin, true);
          continue;
        }
        ReferenceRecord& last = got.emplace_back();
        last.begin = record.begin;
        last.is_broken = !record.fault.empty();
        for (std::size_t i = 0; i < record.cells(); ++i)
          last.cells.push_back(csv_value(record.cell(i)));
        if (record.is_line_cut) {
          const std::size_t end = text.find('\n', border);
          is_whole = true;
          scanner.start(text,
                        end == std::string::npos ? text.size() : end + 1,
                        true);
        }
      }
      ASSERT_EQ(got, expected) << "border " << border << "\n" << text;
    }
  }
}

}  // namespace
}  // namespace sdmeta
