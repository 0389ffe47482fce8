"""Rows of a CSV beside images: the join, and enrich, urls and captions."""
import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import tarfile
import time
import unittest

from program import (BINARY, INFOTEXT, ProgramTest, png, records,
                     without_privileges)

try:
    import pandas
except ImportError:
    pandas = None

HEADER = ("id,image_url,user_id,nsfw_level,created_at,published_at,tag_ids,"
          "image_id")
UUID = "%08x-1111-4222-8333-444455556666"
ADDRESS = "https://image.civitai.com/xG1nkqKTMzGDvpLrqFT7WA/%s/original=true/"


def row(number, tags='"1,2"', level=1):
    return '%d,%s,7,%s,2024-01-01,,%s,%d' % (
        number, UUID % number, level, tags, 10000000 + number)


def table(*rows):
    return "\n".join([HEADER, *rows]) + "\n"


class CsvTest(ProgramTest):
    def run_ok(self, *arguments, **options):
        result = self.run_sdmeta(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def extract(self, *arguments):
        return records(self.run_ok("extract", "-q", *arguments).stdout)

    def assert_refused(self, *arguments, says):
        result = self.run_sdmeta(*arguments)
        self.assertEqual(result.returncode, 2)
        for text in says:
            self.assertIn(text, result.stderr)
        return result


class Join(CsvTest):
    def setUp(self):
        super().setUp()
        self.write("images/10000001.png", png(INFOTEXT % 1))
        self.write("images/none.png", png(INFOTEXT % 2))

    def test_more_files_than_may_be_open_at_once(self):
        for i in range(60):
            self.write("rows/%02d.csv" % i, table(row(100 + i)))
            self.write("many/%d.png" % (10000100 + i), png())
        found = records(self.run_ok(
            "extract", "--csv", "rows", "many",
            under=["prlimit", "--nofile=32:32"]).stdout)
        self.assertEqual(sum(r["row"] is not None for r in found), 60)

    def test_a_row_is_joined_by_the_name_of_its_image(self):
        self.write("a.csv", table(row(1)))
        found = self.extract("images", "--csv", "a.csv")
        self.assertEqual(found[0]["row"], {
            "id": 1, "image_url": UUID % 1, "url": ADDRESS % (UUID % 1),
            "user_id": 7, "username": None, "nsfw_level": 1,
            "created_at": "2024-01-01", "published_at": None,
            "tag_ids": [1, 2], "image_id": 10000001, "extra": []})
        self.assertIsNone(found[1]["row"])

    def test_every_spelling_of_tags_is_the_same(self):
        for tags in ('"1,2"', '"{1,2}"', '"[1, 2]"'):
            self.write("a.csv", table(row(1, tags)))
            found = self.extract("images", "--csv", "a.csv")
            self.assertEqual(found[0]["row"]["tag_ids"], [1, 2], tags)

    def test_cells_that_fit_no_column_are_kept(self):
        self.write("a.csv", "image_id,note,nsfw_level\n10000001,hi,Mature\n")
        found = self.extract("images", "--csv", "a.csv")
        self.assertEqual(found[0]["row"]["extra"],
                         [{"key": "note", "value": "hi"},
                          {"key": "nsfw_level", "value": "Mature"}])
        self.assertIsNone(found[0]["row"]["nsfw_level"])

    def test_the_user_is_named_by_the_folder(self):
        self.write("csv/all/a.csv", table(row(1)))
        self.write("csv/by_username/ada/a.csv", table(row(1)))
        found = self.extract("images", "--csv", "csv")
        self.assertEqual(found[0]["row"]["username"], "ada")

    def test_of_rows_that_disagree_the_newest_file_counts(self):
        self.write("csv/a.csv", table(row(1, level=4)))
        self.write("csv/b.csv", table(row(1, level=8)))
        for newest, level in (("a.csv", 4), ("b.csv", 8)):
            for name in ("a.csv", "b.csv"):
                time = 2000 if name == newest else 1000
                os.utime(self.path("csv/" + name), (time, time))
            result = self.run_ok("extract", "images", "--csv", "csv")
            found = records(result.stdout)[0]["row"]
            self.assertEqual(found["nsfw_level"], level)
            self.assertIn("duplicate_row", result.stderr)

    def test_packed_files_and_crlf_and_bom(self):
        text = "\ufeff" + table(row(1)).replace("\n", "\r\n")
        self.write("a.csv.gz", gzip.compress(text.encode()))
        found = self.extract("images", "--csv", "a.csv.gz")
        self.assertEqual(found[0]["row"]["image_id"], 10000001)

    def test_a_bad_row_costs_that_row(self):
        self.write("a.csv", table('1,"broken,2', "x,y", row(1),
                                  row(2).replace("10000002", "abc")))
        result = self.run_ok("extract", "images", "--csv", "a.csv")
        self.assertEqual(records(result.stdout)[0]["row"]["id"], 1)
        self.assertIn("sdmeta: a.csv:2: bad_row: ", result.stderr)
        self.assertIn("a.csv:3: bad_row: 2 cells, the header has 8",
                      result.stderr)
        self.assertIn("a.csv:5: bad_row: image_id is 'abc', not a number",
                      result.stderr)

    def test_a_bad_image_id_is_called_what_it_is(self):
        self.write("a.csv", "image_id,image_url\n" + "".join(
            cell + ",\n" for cell in ("99999999999999999999", "-5", "0123",
                                      "9223372036854775808", '"-"')))
        talk = self.run_ok("urls", "--csv", "a.csv").stderr
        for line, text in ((2, "'99999999999999999999', a number above 2^63-1"),
                           (3, "'-5', a negative number"),
                           (4, "'0123', a number with leading zeros"),
                           (5, "'9223372036854775808', a number above 2^63-1"),
                           (6, "'\"-\"', not a number")):
            self.assertIn("a.csv:%d: bad_row: image_id is %s\n" % (line, text),
                          talk)

    def test_text_of_another_encoding_is_reported_once_a_file(self):
        name = "Andr\xe9"
        self.write("images/10000002.png", png())
        lines = table(row(1), *[row(2).replace("2024", name)] * 2, "x",
                      row(3).replace("2024", name))
        latin = lines.encode("latin-1")
        self.write("csv/a.csv", latin)
        self.write("csv/b.csv.gz", gzip.compress(latin))
        self.write("csv/c.csv", lines)
        self.write("csv/d.csv", ("image_id,%s\n5,\n" % name).encode("latin-1"))
        says = {"csv/a.csv": 3, "csv/b.csv.gz": 3, "csv/d.csv": 1}
        self.run_ok("extract", "images", "-o", "out.jsonl")
        for end, command in (
                ("records have as U\\+FFFD", ("extract", "images")),
                ("records have as U\\+FFFD", ("urls",)),
                ("stay as they are",
                 ("enrich", "--records", "out.jsonl"))):
            # The cells go to standard output as they stand.
            talk = self.run_ok(*command, "--csv", "csv", "-o",
                               command[0] + ".out").stderr
            found = re.findall(r"(\S+):(\d+): bad_text: bytes that are no "
                               "UTF-8, which " + end, talk)
            self.assertEqual(dict((f, int(n)) for f, n in found), says)
            self.assertEqual(len(found), 3)

    def test_rows_may_come_on_standard_input(self):
        text = table(row(1), "x")
        self.write("a.csv", text)
        result = self.run_ok("extract", "images", "--csv", "-", "-o",
                             "out.jsonl", input=text)
        self.assertIn("; 1 with a CSV row, 1 without", result.stderr)
        self.assertIn("/dev/stdin:3: bad_row: ", result.stderr)
        result = self.run_ok("urls", "--csv", "-", input=text)
        self.assertEqual(result.stdout.split(), [ADDRESS % (UUID % 1)])
        enrich = ("enrich", "--csv", "-", "--records", "out.jsonl")
        with open(self.path("a.csv"), encoding="utf-8") as file:
            self.assertIn("1 with a record",
                          self.run_ok(*enrich, stdin=file).stderr)
        result = self.run_sdmeta(*enrich, input=text)
        self.assertEqual(result.returncode, 2)
        self.assertIn("rows are read more than once here; write them to a file",
                      result.stderr)

    def test_standard_input_is_read_for_one_thing(self):
        for command in (("extract", "-"), ("urls", "--missing-from", "-"),
                        ("urls", "--csv", "-"),
                        ("enrich", "--records", "-")):
            self.assert_refused(*command, "--csv", "-",
                                says=["standard input can be read once"])

    def test_each_csv_has_its_option(self):
        for name in ("a.csv", "b.csv"):
            self.write(name, table(row(1)))
        self.run_ok("extract", "images", "-o", "out.jsonl")
        for command in (("urls",), ("enrich", "--records", "out.jsonl")):
            self.assert_refused(
                *command, "--csv", "a.csv", "b.csv",
                says=["unexpected argument b.csv; for another CSV: --csv b.csv"])
            self.run_ok(*command, "--csv", "a.csv", "--csv", "b.csv")

    def test_an_expression_that_fits_no_name_is_reported(self):
        self.write("a.csv", table(row(1)))
        says = "sdmeta: --match regex:%s: 2 images, and not one key; "
        for expression, is_joined in ((r"([0-9]+)\.png", True),
                                      ("[0-9]{8}", True),
                                      ("^images/([0-9]+)", True),
                                      ("^([0-9]+)", False),
                                      ("none", False)):
            result = self.run_ok("extract", "images", "--csv", "a.csv",
                                 "--match", "regex:" + expression)
            self.assertEqual(records(result.stdout)[0]["row"] is not None,
                             is_joined, expression)
            self.assertEqual(says % expression in result.stderr, not is_joined)

    def test_a_header_without_commas_says_what_is_read(self):
        for separator in ";\t":
            self.write("a.csv", table(row(1)).replace(",", separator))
            self.assert_refused(
                "urls", "--csv", "a.csv",
                says=[", and only commas separate columns here"])

    def test_a_missing_column_names_file_and_header(self):
        self.write("a.csv", "name,size\nx,1\n")
        self.assert_refused("extract", "images", "--csv", "a.csv",
                            says=["a.csv: missing_column: ", "'name,size'"])

    def test_an_empty_csv_is_refused(self):
        self.write("a.csv", "")
        self.assert_refused("extract", "images", "--csv", "a.csv",
                            says=["a.csv: missing_column: the file is empty"])

    def test_line_ends_of_old_macs_are_refused(self):
        rows = table(*[row(i) for i in range(40000)])
        self.assertGreater(len(rows), 2 << 20)
        for text in (table(row(1)), table(row(1, '"1\n2"')), rows):
            self.write("a.csv", text.replace("\n", "\r"))
            for command in (("extract", "images"), ("urls",)):
                self.assert_refused(
                    *command, "--csv", "a.csv",
                    says=["a.csv: bad_text: the first line ends with CR alone",
                          "save the file with LF"])
        self.write("a.csv", '"image_id","a\rb"\r\n10000001,2')
        self.assertEqual(self.extract("images/10000001.png", "--csv",
                                      "a.csv")[0]["row"]["image_id"], 10000001)

    def test_only_files_of_a_folder_are_read(self):
        self.write("csv/a.csv", table(row(1)))
        os.mkfifo(self.path("csv/b.csv"))
        os.symlink("a.csv", self.path("csv/c.csv"))
        result = self.run_ok("urls", "--csv", "csv", timeout=20)
        self.assertIn("1 image: 1 to download", result.stderr)
        os.symlink("gone", self.path("csv/d.csv"))
        self.assert_refused("urls", "--csv", "csv", says=["csv/d.csv: "])

    def test_a_csv_that_is_not_there_is_refused(self):
        self.assert_refused("extract", "images", "--csv", "no.csv",
                            says=["no.csv: unreadable: "])

    def test_a_header_alone_is_no_error(self):
        self.write("a.csv", HEADER + "\n")
        self.assertIsNone(self.extract("images", "--csv", "a.csv")[0]["row"])

    def test_unmatched_rows_stand_as_they_were(self):
        self.write("csv/a.csv", table(row(1), row(2, '"3,""4"'), row(3)))
        self.write("csv/b.csv", "image_id,note\n10000009,n\n")
        result = self.run_ok("extract", "images", "--csv", "csv", "-o",
                             "out.jsonl", "--unmatched-rows", "rest.csv")
        self.assertIn("; 1 with a CSV row, 1 without; 3 CSV rows without an "
                      "image; ", result.stderr)
        self.assertEqual(self.read("rest.csv").decode(), "\n".join([
            HEADER + ",note", row(2, '"3,""4"') + ",", row(3) + ",",
            ",,,,,,,10000009,n", ""]))


class ChangedWhileRead(CsvTest):
    """Rows are read where they stand, long after the file was looked through."""

    def setUp(self):
        super().setUp()
        self.write("images/10000001.png", png(INFOTEXT % 1))
        self.write("a.csv", table(row(1), row(2)))
        self.run_ok("extract", "images", "-o", "out.jsonl")
        os.mkfifo(self.path("pipe"))

    def run_with(self, change, text, *arguments):
        """Of a run that has looked through a.csv when it reads `text` from the
        pipe: `change` comes in between."""
        with subprocess.Popen(
                [BINARY, *arguments], cwd=self.folder, text=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            while process.poll() is None:
                try:
                    pipe = os.open(self.path("pipe"),
                                   os.O_WRONLY | os.O_NONBLOCK)
                    break
                except OSError:  # nobody reads yet
                    time.sleep(0.01)
            change()
            os.write(pipe, text.encode())
            os.close(pipe)
            talk = process.stderr.read()
        return process.returncode, talk

    def runs_with(self, change):
        lines = self.read("out.jsonl").decode()
        for text, arguments in (
                ("images/10000001.png\n",
                 ("extract", "--files-from", "pipe", "--unmatched-rows",
                  "rest.csv")),
                (lines, ("urls", "--missing-from", "pipe")),
                (lines, ("enrich", "--records", "pipe"))):
            self.write("a.csv", table(row(1), row(2)))
            command = (*arguments, "--csv", "a.csv", "-o", "x.out")
            yield command[0], *self.run_with(change, text, *command)
            if os.path.exists(self.path("x.out")):
                os.remove(self.path("x.out"))

    def test_a_run_that_may_have_missed_rows_is_not_complete(self):
        changes = (lambda: self.write("a.csv", ""),
                   lambda: self.write("a.csv", table(row(1))),
                   lambda: self.write("a.csv", table(row(1), row(2), row(3))),
                   lambda: os.utime(self.path("a.csv"), (1, 1)))
        for change in changes:
            for command, code, talk in self.runs_with(change):
                self.assertEqual(code, 2, command)
                self.assertIn("a.csv: unreadable: changed while it was read",
                              talk, command)
                self.assertFalse(os.path.exists(self.path("x.out")))
                self.assertFalse(os.path.exists(self.path("rest.csv")))

    def test_records_that_lack_rows_do_not_replace_others(self):
        self.write("x.out", "")
        self.run_sdmeta("extract", "images", "-o", "x.out")
        before = self.read("x.out")
        self.write("a.csv", table(row(1), row(2)))
        _, talk = self.run_with(
            lambda: self.write("a.csv", ""), "images/10000001.png\n",
            "extract", "--files-from", "pipe", "--csv", "a.csv", "-o", "x.out")
        self.assertEqual(self.read("x.out"), before)
        self.assertIn("x.out.partial holds records that may lack their rows",
                      talk)

    def test_a_file_that_another_takes_the_place_of_is_read_on(self):
        def replace():
            self.write("new", table(row(1), row(2), row(3)))
            os.replace(self.path("new"), self.path("a.csv"))
        for command, code, talk in self.runs_with(replace):
            # enrich has no place in the old file and opens it again.
            self.assertEqual(code, 2 if command == "enrich" else 0, talk)


class Enrich(CsvTest):
    PROMPT = 'a "quoted", cell\nof two lines'

    def setUp(self):
        super().setUp()
        text = self.PROMPT + "\nSteps: 20, Seed: 18446744073709551615, " \
            "CFG scale: 7, Size: 8x8"
        self.write("images/10000002.png", png(text))
        self.write("images/%s.png" % (UUID % 3), png())
        self.csv = table(row(1), row(2), row(3, '"5,""6"'))
        self.write("a.csv", self.csv)

    def enrich(self, records_name="out.jsonl", extract_with=()):
        self.run_ok("extract", "images", "-o", records_name, *extract_with)
        result = self.run_ok("enrich", "--csv", "a.csv", "--records",
                             records_name, "-o", "new.csv")
        text = self.read("new.csv").decode()
        return text, list(csv.DictReader(io.StringIO(text))), result

    def test_every_row_is_there_in_order_with_its_cells(self):
        text, rows, result = self.enrich()
        self.assertEqual([r["status"] for r in rows],
                         ["missing", "ok", "no_metadata"])
        old = list(csv.DictReader(io.StringIO(self.csv)))
        for before, after in zip(old, rows):
            self.assertEqual(before, {k: after[k] for k in before})
        self.assertIn("\n" + row(3, '"5,""6"') + ",no_metadata", text)
        self.assertIn("3 rows: 2 with a record, 1 missing", result.stderr)

    def test_a_row_without_a_key_is_bad_as_in_extract_and_stays(self):
        self.write("images/9223372036854775808.png", png())
        keyless = ["7,,,,,,,", "8,,,,,,,abc", "9,,,,,,,9223372036854775808"]
        self.write("a.csv", table(row(2), *keyless, 'x,"y'))
        text, rows, result = self.enrich()
        self.assertEqual([r["status"] for r in rows],
                         ["ok", "missing", "missing", "missing"])
        for line in keyless:
            self.assertIn("\n" + line + ",missing,", text)
        self.assertIn("4 rows: 1 with a record, 3 missing, 4 bad rows (1 left "
                      "out), 2 records without a row", result.stderr)
        reports = re.findall("sdmeta: (a.csv:.*)", result.stderr)
        self.assertEqual(len(reports), 4)
        for command in (("extract", "images", "-o", "x.jsonl"), ("urls",)):
            other = self.run_ok(*command, "--csv", "a.csv").stderr
            self.assertEqual(re.findall("sdmeta: (a.csv:.*)", other), reports)
            self.assertIn(", 4 bad rows", other)

    def test_one_of_anything_is_counted_in_the_singular(self):
        self.write("a.csv", table(row(2), "x"))
        os.remove(self.path("images/%s.png" % (UUID % 3)))
        _, _, result = self.enrich()
        self.assertIn("1 row: 1 with a record, 0 missing, 1 bad row (1 left "
                      "out)", result.stderr)
        result = self.run_ok("extract", "images", "--csv", "a.csv", "-o",
                             "x.jsonl", "--unmatched-rows", "rest.csv")
        self.assertIn("1 image: 1 ok, 0 without metadata, 0 failed; 1 with a "
                      "CSV row, 0 without, 1 bad row; 0 CSV rows without an "
                      "image; ", result.stderr)

    def test_cells_are_those_of_the_record(self):
        _, rows, _ = self.enrich()
        self.assertEqual(rows[1]["prompt"], self.PROMPT)
        self.assertEqual(rows[1]["seed"], "18446744073709551615")
        self.assertEqual(rows[1]["cfg_scale"], "7.0")
        self.assertEqual(rows[1]["file"], "images/10000002.png")
        self.assertEqual(json.loads(rows[1]["loras"]), [])
        self.assertEqual(rows[0]["prompt"], "")

    def test_joined_and_packed_records_give_the_same(self):
        plain, _, _ = self.enrich()
        for name in ("out.jsonl.gz", "out.jsonl.zst"):
            packed, _, _ = self.enrich(name, ("--csv", "a.csv"))
            self.assertEqual(packed, plain)

    def test_the_first_good_record_of_an_image_counts(self):
        self.write("images/a/10000001.png", b"<html>not found</html>")
        self.write("images/b/10000001.png", png(INFOTEXT % 1))
        _, rows, result = self.enrich()
        self.assertEqual(rows[0]["file"], "images/b/10000001.png")
        self.assertIn("1 record without a row", result.stderr)

    def test_a_column_that_is_there_already_keeps_its_name(self):
        self.csv = "image_id,status\n10000002,mine\n"
        self.write("a.csv", self.csv)
        _, rows, _ = self.enrich()
        self.assertEqual(rows[0]["status"], "mine")
        self.assertEqual(rows[0]["sdmeta_status"], "ok")

    def test_column_names_are_unique(self):
        self.csv = ("image_id,prompt,sdmeta_prompt,sdmeta_prompt_2\n"
                    "10000002,a,b,c\n")
        self.write("a.csv", self.csv)
        text, rows, _ = self.enrich()
        names = text.splitlines()[0].split(",")
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual(rows[0]["sdmeta_prompt"], "b")
        self.assertEqual(rows[0]["sdmeta_prompt_3"], self.PROMPT)

    def test_the_last_record_of_a_file_counts(self):
        place = "images/10000001.png"
        for before, after in ((png(INFOTEXT % 1), png(INFOTEXT % 12)),
                              (b"<html>busy</html>", png(INFOTEXT % 12))):
            self.write(place, before)
            self.run_ok("extract", "images", "-o", "out.jsonl")
            self.write(place, after)
            self.run_ok("extract", "images", "-o", "out.jsonl", "--resume")
            result = self.run_ok("enrich", "--csv", "a.csv", "--records",
                                 "out.jsonl", "-o", "new.csv")
            rows = list(csv.DictReader(io.StringIO(
                self.read("new.csv").decode())))
            self.assertEqual((rows[0]["status"], rows[0]["seed"]),
                             ("ok", "12"))
            self.assertNotIn("without a row", result.stderr)

    def test_an_image_goes_to_the_first_of_its_names_keys_that_has_a_row(self):
        self.write("images/10000001_10000002.png", png(INFOTEXT % 5))
        os.remove(self.path("images/10000002.png"))
        for ids in ((1, 2), (2, 1)):
            self.csv = table(*map(row, ids))
            self.write("a.csv", self.csv)
            _, rows, _ = self.enrich()
            self.assertEqual({r["image_id"]: r["seed"] for r in rows},
                             {"10000001": "5", "10000002": ""})
        self.write("a.csv", table(row(2)))
        _, rows, _ = self.enrich()
        self.assertEqual([r["seed"] for r in rows], ["5"])

    def test_a_pipe_is_refused(self):
        self.run_ok("extract", "images", "-o", "out.jsonl")
        os.mkfifo(self.path("p.csv"))
        self.assert_refused("enrich", "--csv", "p.csv", "--records",
                            "out.jsonl", "-o", "new.csv",
                            says=["p.csv: ", "a pipe or the like",
                                  "write them to a file"])

    def test_a_broken_row_is_reported(self):
        self.write("a.csv", table(row(1), row(2), 'x,"y'))
        _, rows, result = self.enrich()
        self.assertEqual(len(rows), 2)
        self.assertIn("a.csv:4: bad_row: a quote is never closed",
                      result.stderr)

    def test_of_many_broken_rows_the_first_are_reported(self):
        self.write("a.csv", table(row(1), *['x,"y'] * 50))
        _, rows, result = self.enrich()
        self.assertEqual(len(rows), 1)
        self.assertEqual(len(re.findall(r"a\.csv:\d+: bad_row: ", result.stderr)), 20)
        self.assertIn("a.csv: bad_row: there are more of these", result.stderr)
        self.assertIn("50 bad rows (50 left out)", result.stderr)

    def test_a_line_that_is_no_record_is_reported(self):
        self.run_ok("extract", "images", "-o", "out.jsonl")
        self.write("out.jsonl", b"{torn\n" + self.read("out.jsonl"))
        result = self.run_ok("enrich", "--csv", "a.csv", "--records",
                             "out.jsonl", "-o", "new.csv")
        self.assertIn("out.jsonl:1: malformed: ", result.stderr)
        self.assertIn("2 with a record", result.stderr)

    def test_a_signal_leaves_nothing_half_written(self):
        os.mkfifo(self.path("slow.jsonl"))
        self.write("new.csv", "mine")
        for number in (signal.SIGINT, signal.SIGTERM):
            run = subprocess.Popen(
                [BINARY, "enrich", "--csv", "a.csv", "--records", "slow.jsonl",
                 "-o", "new.csv"], cwd=self.folder)
            with open(self.path("slow.jsonl"), "wb"):
                deadline = time.monotonic() + 30
                while (not os.path.exists(self.path("new.csv.partial"))
                       and time.monotonic() < deadline):
                    time.sleep(0.01)
                run.send_signal(number)
                self.assertEqual(run.wait(30), -number)
            self.assertFalse(os.path.exists(self.path("new.csv.partial")))
            self.assertEqual(self.read("new.csv"), b"mine")

    def test_output_that_cannot_be_written(self):
        self.run_ok("extract", "images", "-o", "out.jsonl")
        for place in ("/dev/full", "no/such/folder/new.csv"):
            self.assert_refused("enrich", "--csv", "a.csv", "--records",
                                "out.jsonl", "-o", place, says=[place])

    @unittest.skipIf(pandas is None, "pandas is not installed")
    def test_pandas_reads_it(self):
        self.enrich()
        frame = pandas.read_csv(self.path("new.csv"), dtype={"seed": str})
        self.assertEqual(list(frame["status"]),
                         ["missing", "ok", "no_metadata"])
        self.assertEqual(frame["prompt"][1], self.PROMPT)
        self.assertEqual(frame["seed"][1], "18446744073709551615")


class Urls(CsvTest):
    def urls(self, *arguments):
        return self.run_ok("urls", "--csv", "csv", *arguments)

    def setUp(self):
        super().setUp()
        self.write("csv/all/a.csv",
                   table(row(1), row(2, level=4), row(3, level="")))
        self.write("csv/by_username/ada/a.csv", table(row(1)))

    def test_every_image_is_listed_once(self):
        self.assertEqual(
            self.urls().stdout.split(),
            [ADDRESS % (UUID % n) for n in (2, 3, 1)])

    def test_levels_above_or_unknown_can_be_left_out(self):
        result = self.urls("--max-nsfw-level", "1")
        self.assertEqual(result.stdout.split(), [ADDRESS % (UUID % 1)])
        self.assertIn("2 above the nsfw level", result.stderr)

    def test_aria2_names_files_so_that_they_are_found_again(self):
        lines = self.urls("--format", "aria2").stdout.splitlines()
        self.assertEqual(lines[:2],
                         [ADDRESS % (UUID % 2), "  out=10000002"])
        for name in (line.split("=")[1] for line in lines[1::2]):
            self.write("images/" + name, png(INFOTEXT % 1))
        found = self.extract("images", "--csv", "csv")
        self.assertEqual(sorted(r["row"]["id"] for r in found), [1, 2, 3])

    def test_what_is_recorded_is_not_missing(self):
        self.write("images/10000001.png", png(INFOTEXT % 1))
        self.write("images/%s/original=true" % (UUID % 2), png())
        self.write("images/10000003.jpeg", b"<html>busy</html>")
        self.run_ok("extract", "images", "-o", "out.jsonl.zst")
        result = self.urls("--missing-from", "out.jsonl.zst")
        self.assertEqual(result.stdout.split(), [ADDRESS % (UUID % 3)])
        self.assertIn("3 images: 1 to download, 2 present", result.stderr)

    def test_only_a_uuid_and_a_whole_address_are_addresses(self):
        addresses = ["https://example.org/a.png", "http://example.org/b",
                     UUID % 4]
        others = ["../../etc", "foo", "..", '"a""b"', UUID % 5 + "/x", "https"]
        self.write("csv/all/a.csv", "image_id,image_url\n" + "".join(
            "%d,%s\n" % (20000000 + i, cell)
            for i, cell in enumerate(addresses + others)))
        os.remove(self.path("csv/by_username/ada/a.csv"))
        result = self.urls()
        self.assertEqual(result.stdout.split(),
                         addresses[:2] + [ADDRESS % addresses[2]])
        self.assertIn("3 to download, 0 present, 6 without an address",
                      result.stderr)
        self.write("images/20000003.png", png())
        found = self.extract("images", "--csv", "csv")[0]["row"]
        self.assertEqual((found["image_url"], found["url"]),
                         ("../../etc", None))

    def test_a_download_that_broke_behind_its_metadata_is_listed_again(self):
        for name, data in ((1, png(INFOTEXT % 1)[:-20]),
                           (2, png(INFOTEXT % 1)), (3, png()[:-20])):
            self.write("images/1000000%d.png" % name, data)
        self.run_ok("extract", "images", "-o", "out.jsonl")
        statuses = [r["status"] for r in
                    records(self.read("out.jsonl").decode())]
        self.assertEqual(statuses, ["ok", "ok", "truncated"])
        self.assertEqual(
            self.urls("--missing-from", "out.jsonl").stdout.split(),
            [ADDRESS % (UUID % n) for n in (3, 1)])

    def test_the_last_record_of_a_file_says_whether_it_is_missing(self):
        place = "images/10000001.png"
        good = png(INFOTEXT % 1)
        broken = b"<html>busy</html>"
        self.write("images/old/10000002.png", png())
        self.write("images/10000003.png", good)
        self.write(place, good)
        self.run_ok("extract", "images", "-o", "out.jsonl")
        for data, missing in ((broken, [1]), (png(INFOTEXT % 11), [])):
            self.write(place, data)
            self.run_ok("extract", "images", "-o", "out.jsonl", "--resume")
            self.assertEqual(
                self.urls("--missing-from", "out.jsonl").stdout.split(),
                [ADDRESS % (UUID % n) for n in missing])
        # Another file of the image is there still.
        self.write("images/new/10000002.png", broken)
        self.run_ok("extract", "images", "-o", "out.jsonl", "--resume")
        self.assertEqual(
            self.urls("--missing-from", "out.jsonl").stdout.split(), [])


class OtherFilesForRecords(CsvTest):
    """A file that holds no record at all was named by mistake."""

    def setUp(self):
        super().setUp()
        self.write("a.csv", table(row(1)))

    def test_it_is_refused_and_its_first_lines_are_reported(self):
        self.write("no.jsonl", '{"prompt": "a"}\n' * 50)
        for command in (("enrich", "--csv", "a.csv", "--records", "no.jsonl",
                         "-o", "out.csv"),
                        ("urls", "--csv", "a.csv", "--missing-from",
                         "no.jsonl"),
                        ("captions", "no.jsonl", "--to", "text")):
            talk = self.assert_refused(*command, says=[
                "no.jsonl: malformed: not one of its lines is a record",
                "no.jsonl: malformed: there are more of these"]).stderr
            self.assertEqual(len(re.findall(r"no\.jsonl:\d+: malformed: ",
                                            talk)), 20, command)
        self.assertFalse(os.path.exists(self.path("out.csv")))

    def test_an_empty_file_holds_the_records_of_no_image(self):
        self.write("empty.jsonl", "")
        result = self.run_ok("urls", "--csv", "a.csv", "--missing-from",
                             "empty.jsonl")
        self.assertEqual(result.stdout.split(), [ADDRESS % (UUID % 1)])


class Captions(CsvTest):
    def setUp(self):
        super().setUp()
        self.write("images/a/7.png", png(INFOTEXT % 1))
        self.write("images/b/8.png", png())
        self.run_ok("extract", "images", "-o", "out.jsonl")

    def captions(self, *arguments):
        return self.run_ok("captions", "out.jsonl", "--to", "text", *arguments)

    def test_each_prompt_is_a_file(self):
        result = self.captions()
        self.assertEqual(os.listdir(self.path("text")), ["7.txt"])
        self.assertEqual(self.read("text/7.txt"), b"a lighthouse on a cliff")
        self.assertIn("1 caption written, 1 without the field", result.stderr)

    def test_other_fields(self):
        self.captions("--field", "negative_prompt")
        self.assertEqual(self.read("text/7.txt"), b"blur")

    def test_existing_files_are_kept_without_force(self):
        self.write("text/7.txt", "mine")
        result = self.captions()
        self.assertEqual(self.read("text/7.txt"), b"mine")
        self.assertIn("1 kept", result.stderr)
        self.captions("--force")
        self.assertEqual(self.read("text/7.txt"), b"a lighthouse on a cliff")

    def test_a_caption_that_is_overwritten_keeps_its_place_and_its_mode(self):
        mine = self.write("elsewhere/mine.txt", "mine")
        os.chmod(mine, 0o640)
        os.mkdir(self.path("text"))
        os.symlink(mine, self.path("text/7.txt"))
        self.captions("--force")
        self.assertTrue(os.path.islink(self.path("text/7.txt")))
        self.assertEqual(self.read("elsewhere/mine.txt"),
                         b"a lighthouse on a cliff")
        self.assertEqual(os.stat(mine).st_mode & 0o777, 0o640)
        self.assertEqual(os.listdir(self.path("elsewhere")), ["mine.txt"])

    def test_runs_in_containers_may_share_a_folder(self):
        """In each of them the process's number is 1."""
        container = ["unshare", "-rpf"]
        if subprocess.run(container + ["true"], stderr=subprocess.DEVNULL,
                          check=False).returncode != 0:
            self.skipTest("no namespaces here")
        of_another_run = ".sdmeta-1"
        self.write("text/" + of_another_run, "a tree")
        result = self.run_sdmeta("captions", "out.jsonl", "--to", "text",
                                 under=container)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.read("text/" + of_another_run), b"a tree")
        self.assertEqual(self.read("text/7.txt"), b"a lighthouse on a cliff")

    def test_a_caption_that_may_not_be_written_stays(self):
        os.chmod(self.write("text/7.txt", "mine"), 0o400)
        result = self.run_sdmeta("captions", "out.jsonl", "--to", "text",
                                 "--force", under=without_privileges())
        self.assertEqual(result.returncode, 2)
        self.assertIn("text/7.txt may not be written", result.stderr)
        self.assertEqual(self.read("text/7.txt"), b"mine")

    def test_a_name_clash_is_reported_and_the_first_stays(self):
        self.write("images/c/7.png", png("other\nSteps: 1, Seed: 2"))
        self.run_ok("extract", "images", "-o", "out.jsonl")
        result = self.captions()
        self.assertEqual(self.read("text/7.txt"), b"a lighthouse on a cliff")
        self.assertIn("images/c/7.png", result.stderr)
        self.assertIn("1 name taken already", result.stderr)

    def test_a_name_that_no_file_can_have_costs_its_caption_only(self):
        self.write("images/" + "a" * 253, png(INFOTEXT % 1))
        self.run_ok("extract", "images", "-o", "out.jsonl")
        result = self.captions()
        self.assertEqual(os.listdir(self.path("text")), ["7.txt"])
        self.assertIn("aaa.txt is no name that a file can have here",
                      result.stderr)
        self.assertIn("1 name that no file can have", result.stderr)

    def test_a_folder_names_the_captions_of_images_that_all_have_one_name(self):
        for i in (1, 2, 3):
            self.write("images/%s/original=true" % (UUID % i),
                       png("cat %d\nSteps: 1, Seed: 2" % i))
        self.write("a.csv", table(row(1), row(2)))
        self.run_ok("extract", "images", "--csv", "a.csv", "-o", "out.jsonl")
        result = self.captions()
        self.assertNotIn("taken already", result.stderr)
        self.assertEqual(sorted(os.listdir(self.path("text"))), [
            UUID % 3 + ".txt", "10000001.txt", "10000002.txt", "7.txt"])
        self.assertEqual(self.read("text/10000002.txt"), b"cat 2")
        self.run_ok("captions", "out.jsonl", "--to", "mirror", "--mirror")
        self.assertEqual(
            self.read("mirror/images/%s/original=true.txt" % (UUID % 2)),
            b"cat 2")

    def test_mirrored_folders_do_not_clash(self):
        self.write("images/c/7.png", png("other\nSteps: 1, Seed: 2"))
        self.run_ok("extract", self.path("images"), "-o", "out.jsonl")
        self.captions("--mirror")
        folder = "text" + self.path("images")
        self.assertEqual(self.read(folder + "/c/7.txt"), b"other")
        self.assertEqual(self.read(folder + "/a/7.txt"),
                         b"a lighthouse on a cliff")

    def test_mirrored_archives_are_folders(self):
        for name, seed in (("p", 1), ("q", 2)):
            for member in ("1.png", "x/2.png"):
                self.write("%s/%s" % (name, member),
                           png("of %s\nSteps: 1, Seed: %d" % (name, seed)))
            os.makedirs(self.path("sets"), exist_ok=True)
            with tarfile.open(self.path("sets/%s.tar" % name), "w") as tar:
                for member in ("1.png", "x/2.png"):
                    tar.add(self.path("%s/%s" % (name, member)), member)
        self.run_ok("extract", "sets", "-o", "out.jsonl")
        result = self.captions("--mirror")
        self.assertIn("4 captions written", result.stderr)
        for name in ("p", "q"):
            for caption in ("1.txt", "x/2.txt"):
                self.assertEqual(
                    self.read("text/sets/%s.tar/%s" % (name, caption)),
                    b"of " + name.encode())

    def test_a_folder_that_may_not_be_written_costs_its_captions_only(self):
        for folder in ("b", "locked", "z"):
            self.write("images/%s/8.png" % folder, png(INFOTEXT % 1))
        self.run_ok("extract", "images", "-o", "out.jsonl")
        # Neither where captions wait, nor one of those they go to.
        os.chmod(self.path("images/locked"), 0o500)
        os.chmod(self.folder, 0o500)
        try:
            result = self.run_sdmeta("captions", "out.jsonl", "--mirror",
                                     "--to", ".", under=without_privileges())
        finally:
            os.chmod(self.folder, 0o700)
        self.assertEqual(result.returncode, 2)
        self.assertIn("./images/locked/8.txt may not be written",
                      result.stderr)
        self.assertIn("4 records: 3 captions written, 1 caption "
                      "that may not be written", result.stderr)
        for folder, expected in (("b", True), ("locked", False), ("z", True)):
            self.assertEqual(os.path.exists(self.path(
                "images/%s/8.txt" % folder)), expected)

    def test_records_that_jq_changed_are_records(self):
        lines = []
        for record in records(self.read("out.jsonl").decode()):
            if record["generation"]:
                record["generation"]["prompt"] = "changed"
            lines.append(json.dumps(record, separators=(",", ":"),
                                    sort_keys=True) + "\n")
        result = self.run_sdmeta("captions", "-", "--to", "text",
                                 input="".join(lines))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.read("text/7.txt"), b"changed")

    def test_the_last_record_of_a_file_is_its_caption(self):
        self.write("images/a/7.png", png("another\nSteps: 1, Seed: 22"))
        self.write("images/b/8.png", png("new\nSteps: 1, Seed: 22"))
        self.run_ok("extract", "images", "-o", "out.jsonl", "--resume")
        result = self.captions()
        self.assertEqual(self.read("text/7.txt"), b"another")
        self.assertEqual(self.read("text/8.txt"), b"new")
        self.assertIn("4 records: 2 captions written, 2 replaced",
                      result.stderr)

    def test_records_cut_short_give_the_captions_in_front_of_the_cut(self):
        packed = gzip.compress(self.read("out.jsonl") * 2, 0)
        self.write("out.jsonl.gz", packed[:-200])
        self.assert_refused("captions", "out.jsonl.gz", "--to", "text",
                            says=["ends too early"])
        self.assertEqual(os.listdir(self.path("text")), ["7.txt"])

    def test_records_that_are_not_there(self):
        self.assert_refused("captions", "no.jsonl", "--to", "text",
                            says=["no.jsonl: unreadable: "])


if __name__ == "__main__":
    unittest.main()
