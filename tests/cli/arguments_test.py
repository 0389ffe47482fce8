"""Mistakes on the command line: told before anything is lost or run for hours."""
import gzip
import json
import os
import select
import subprocess
import tarfile
import unittest

from program import (BINARY, INFOTEXT, ProgramTest, png, records,
                     without_privileges)


class Outputs(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("a.png", png(INFOTEXT % 1))
        self.write("rows.csv", "image_id,image_url\n10000001,\n")
        self.run_sdmeta("extract", "a.png", "-o", "out.jsonl")

    def assert_refused(self, message, *arguments):
        before = {name: self.read(name) for name in os.listdir(self.folder)}
        result = self.run_sdmeta(*arguments)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertEqual(result.stderr, "sdmeta: %s\n" % message)
        self.assertEqual({name: self.read(name) for name in os.listdir(
            self.folder)}, before)

    def test_an_input_is_not_overwritten(self):
        read = "%s: unwritable: is read by this run; name another output"
        self.assert_refused(read % "a.png", "extract", "a.png", "-o", "a.png")
        self.assert_refused(read % "./a.png", "extract", "a.png", "-o",
                            "./a.png")
        for option in ("--stats", "--unmatched-rows"):
            self.assert_refused(read % "rows.csv", "extract", "a.png", "--csv",
                                "rows.csv", option, "rows.csv")
        self.assert_refused(read % "rows.csv", "enrich", "--csv", "rows.csv",
                            "--records", "out.jsonl", "-o", "rows.csv")
        self.assert_refused(read % "out.jsonl", "enrich", "--csv", "rows.csv",
                            "--records", "out.jsonl", "-o", "out.jsonl")
        self.assert_refused(read % "out.jsonl", "urls", "--csv", "rows.csv",
                            "--missing-from", "out.jsonl", "-o", "out.jsonl")

    def test_an_input_by_another_name_is_not_overwritten(self):
        os.symlink("a.png", self.path("link"))
        self.assert_refused(
            "link: unwritable: is read by this run; name another output",
            "extract", "a.png", "-o", "link")

    def test_two_outputs_are_two_files(self):
        self.assert_refused("x: unwritable: is named for two outputs",
                            "extract", "a.png", "-o", "x", "--stats", "x")

    def test_two_outputs_are_not_mixed_on_standard_output(self):
        for first, second in (("-", "-"), ("/dev/fd/1", "-"),
                              ("-", "/proc/self/fd/1")):
            self.assert_refused(
                "%s: unwritable: is named for two outputs" % second,
                "extract", "a.png", "-o", first, "--stats", second)
        self.assert_refused("-: unwritable: is named for two outputs",
                            "extract", "a.png", "--csv", "rows.csv",
                            "--unmatched-rows", "-")
        result = self.run_sdmeta("extract", "a.png", "-o", "x.jsonl",
                                 "--stats", "-")
        self.assertIn('"records": 1', result.stdout)

    def test_an_empty_name_is_no_output(self):
        message = ('"": unwritable: is no name of a file; is a variable not '
                   'set?')
        for option in ("-o", "--stats", "--unmatched-rows"):
            self.assert_refused(message, "extract", "a.png", "--csv",
                                "rows.csv", option, "")
        self.assert_refused(message, "urls", "--csv", "rows.csv", "-o", "")
        self.assert_refused(message, "enrich", "--csv", "rows.csv",
                            "--records", "out.jsonl", "-o", "")

    def test_an_image_or_archive_is_not_replaced(self):
        self.run_sdmeta("extract", "a.png", "-o", "out.jsonl.gz")
        os.rename(self.path("out.jsonl.gz"), self.path("packed"))
        with tarfile.open(self.path("set"), "w") as tar:
            tar.add(self.path("a.png"), "a.png")
        self.write("b.png", self.read("a.png"))
        message = ("%s: unwritable: would replace a file of another kind (%s); "
                   "name another output, or remove it")
        for name, kind in (("b.png", "PNG"), ("packed", "archive"),
                           ("set", "archive")):
            self.assert_refused(message % (name, kind), "extract", ".", "-o",
                                name)
        png_message = message % ("b.png", "PNG")
        self.assert_refused(png_message, "extract", ".", "--stats", "b.png")
        self.assert_refused(png_message, "extract", ".", "--csv", "rows.csv",
                            "--unmatched-rows", "b.png")
        self.assert_refused(png_message, "urls", "--csv", "rows.csv", "-o",
                            "b.png")
        self.assert_refused(png_message, "enrich", "--csv", "rows.csv",
                            "--records", "out.jsonl", "-o", "b.png")

    def test_a_compressed_output_of_an_earlier_run_is_replaced(self):
        for name in ("out.jsonl.gz", "out.jsonl.zst"):
            for _ in range(2):
                result = self.run_sdmeta("extract", "a.png", "-o", name)
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_folder_without_permission_is_told_before_the_run(self):
        os.mkdir(self.path("locked"), 0o500)
        message = ("locked/x: unwritable: folder locked: Permission denied")
        for option in ("-o", "--stats", "--unmatched-rows"):
            result = self.run_sdmeta("extract", "a.png", "--csv", "rows.csv",
                                     option, "locked/x",
                                     under=without_privileges())
            self.assertEqual((result.returncode, result.stdout, result.stderr),
                             (2, "", "sdmeta: %s\n" % message))

    def test_a_folder_is_no_output(self):
        os.mkdir(self.path("here"))
        for option in ("-o", "--stats"):
            result = self.run_sdmeta("extract", "a.png", option, "here")
            self.assertEqual((result.returncode, result.stdout, result.stderr),
                             (2, "", "sdmeta: here: unwritable: is a folder\n"))

    def test_a_folder_that_is_not_there_is_told_before_the_run(self):
        message = ("no/x: unwritable: folder no: No such file or directory")
        for option in ("-o", "--stats"):
            self.assert_refused(message, "extract", "a.png", option, "no/x")
        self.assert_refused(message, "extract", "a.png", "--csv", "rows.csv",
                            "--unmatched-rows", "no/x")
        self.assert_refused(message, "enrich", "--csv", "rows.csv",
                            "--records", "out.jsonl", "-o", "no/x")
        self.assert_refused(message, "urls", "--csv", "rows.csv", "-o", "no/x")

    def test_enriched_rows_are_not_put_among_those_that_are_read(self):
        message = ("%s: unwritable: lies in %s, and would be read as rows the "
                   "next time; name a file elsewhere")
        enrich = ("enrich", "--records", "out.jsonl")
        self.assert_refused(message % ("new.csv", "."), *enrich, "--csv", ".",
                            "-o", "new.csv")
        os.mkdir(self.path("csv"))
        os.mkdir(self.path("csv/all"))
        os.rename(self.path("rows.csv"), self.path("csv/rows.csv"))
        place = self.path("csv/all/new.csv.gz")
        result = self.run_sdmeta(*enrich, "--csv", "csv/", "-o", place)
        self.assertEqual(result.returncode, 2)
        self.assertIn(message % (place, "csv/"), result.stderr)
        for place in ("csv/new.txt", "new.csv"):
            self.assertEqual(self.run_sdmeta(*enrich, "--csv", "csv", "-o",
                                             place).returncode, 0)
        for command in (("extract", "a.png", "-o", "new.jsonl",
                         "--unmatched-rows"), ("urls", "-o")):
            result = self.run_sdmeta(*command, "csv/New.CSV", "--csv", "csv")
            self.assertEqual(result.returncode, 2)
            self.assertIn("csv/New.CSV: unwritable: ", result.stderr)
        os.symlink("csv/rows.csv", self.path("link"))
        result = self.run_sdmeta("extract", "a.png", "-o", "new.jsonl",
                                 "--unmatched-rows", "link", "--csv", "csv")
        self.assertEqual(result.returncode, 2)
        self.assertIn(message % ("link", "csv"), result.stderr)

    def test_a_compression_that_is_not_written_is_refused(self):
        for command in (("enrich", "--csv", "rows.csv", "--records",
                         "out.jsonl"), ("urls", "--csv", "rows.csv")):
            self.assert_refused("x.csv.XZ: unwritable: compressed output is "
                                ".gz or .zst, not .xz", *command, "-o",
                                "x.csv.XZ")

    def test_a_name_that_promises_another_format_is_refused(self):
        extract = ("extract", "a.png", "--csv", "rows.csv")
        enrich = ("enrich", "--csv", "rows.csv", "--records", "out.jsonl", "-o")
        urls = ("urls", "--csv", "rows.csv", "-o")
        for command, what, wrong, right in (
                (extract + ("-o",), "records are JSON lines; name it .jsonl, "
                 ".jsonl.gz or .jsonl.zst", ("x.parquet", "x.CSV", "x.csv.gz",
                                             "x.tar", "x.tgz"),
                 ("x", "x.json", "x.ndjson.gz", "x.zst", "x.txt")),
                (extract + ("-o", "new.jsonl", "--unmatched-rows"),
                 "rows are CSV; name it .csv, .csv.gz or .csv.zst",
                 ("x.jsonl", "x.xlsx"), ("y", "y.csv.gz")),
                (extract + ("-o", "new.jsonl", "--stats"),
                 "the summary is JSON; name it .json, .json.gz or .json.zst",
                 ("x.jsonl", "x.csv"), ("z", "z.json", "z.json.gz")),
                (enrich, "rows are CSV; name it .csv, .csv.gz or .csv.zst",
                 ("x.parquet", "x.jsonl.zst"), ("r", "r.csv", "r.CSV.ZST")),
                (urls, "addresses are lines of text; name it .txt, .txt.gz or "
                 ".txt.zst", ("x.json", "x.csv"), ("u", "u.txt", "u.list"))):
            for name in wrong:
                self.assert_refused("%s: unwritable: %s" % (name, what),
                                    *command, name)
            for name in right:
                result = self.run_sdmeta(*command, name)
                self.assertEqual(result.returncode, 0, result.stderr)

    def test_the_summary_is_compressed_if_its_name_says_so(self):
        self.run_sdmeta("extract", "a.png", "-o", "x.jsonl", "--stats",
                        "s.json.gz")
        with gzip.open(self.path("s.json.gz")) as stats:
            self.assertEqual(json.load(stats)["records"], 1)

    def test_the_file_on_standard_input_is_no_output(self):
        for command in (("extract", "-"),
                        ("enrich", "--csv", "-", "--records", "out.jsonl")):
            with open(self.path("rows.csv")) as rows:
                result = self.run_sdmeta(*command, "-o", "rows.csv",
                                         stdin=rows)
            self.assertEqual(result.returncode, 2)
            self.assertIn("rows.csv: unwritable: is read by this run",
                          result.stderr)

    def test_records_are_replaced_by_records_only(self):
        os.rename(self.path("out.jsonl"), self.path("out"))
        message = ("out: unwritable: would replace a file of another kind "
                   "(records); name another output, or remove it")
        self.assert_refused(message, "urls", "--csv", "rows.csv", "-o", "out")
        self.assert_refused(message, "extract", "a.png", "--stats", "out")
        self.assertEqual(self.run_sdmeta("extract", "a.png", "-o",
                                         "out").returncode, 0)

    def test_what_is_compressed_is_judged_by_what_it_holds(self):
        refusal = ("%s: unwritable: would replace a file of another kind (%s); "
                   "name another output, or remove it")
        for suffix in (".gz", ".zst"):
            name = "old" + suffix
            self.run_sdmeta("extract", "a.png", "-o", name)
            for command in (("urls", "--csv", "rows.csv", "-o"),
                            ("extract", "a.png", "--stats")):
                self.assert_refused(refusal % (name, "records"), *command,
                                    name)
            self.assertEqual(self.run_sdmeta("extract", "a.png", "-o",
                                             name).returncode, 0)
        with tarfile.open(self.path("set.gz"), "w:gz") as tar:
            tar.add(self.path("a.png"), "a.png")
        self.assert_refused(refusal % ("set.gz", "archive"), "extract",
                            "a.png", "-o", "set.gz")
        # Half a file of another run, and an empty one, hold nothing.
        for content in (b"\x1f\x8b\x08\x00", b""):
            self.write("half.gz", content)
            self.assertEqual(self.run_sdmeta("extract", "a.png", "-o",
                                             "half.gz").returncode, 0)

    def test_the_mode_of_a_file_that_is_replaced_stays(self):
        for command in (("extract", "a.png"), ("extract", "--resume", "a.png")):
            os.chmod(self.path("out.jsonl"), 0o640)
            self.assertEqual(self.run_sdmeta(*command, "-o",
                                             "out.jsonl").returncode, 0)
            self.assertEqual(os.stat(self.path("out.jsonl")).st_mode & 0o777,
                             0o640)

    def test_an_option_without_its_value_does_not_take_the_next_argument(self):
        for option in ("--output=", "--stats=", "--unmatched-rows="):
            self.assert_refused(
                option[:-1] + ": expects a value; is a variable not set?",
                "extract", "a.png", "--csv", "rows.csv", option, "out.jsonl")

    def test_a_mistyped_option_is_told_before_one_that_is_missing(self):
        self.assert_refused("unknown option --record; did you mean --records?",
                            "enrich", "--csv", "rows.csv", "--record", "x")
        self.assert_refused("unknown option --out; did you mean --output?",
                            "extract", "a.png", "--out", "x")
        self.assert_refused("unknown option --outptu; did you mean --output?",
                            "extract", "a.png", "--outptu=x.jsonl")

    def test_a_name_that_begins_with_a_dash_is_no_missing_file(self):
        self.assert_refused("unknown option -a.png; see sdmeta show -h",
                            "show", "-a.png")

    def test_outputs_are_joined_with_cat(self):
        way = "; several outputs are joined with cat, and read from -"
        self.assert_refused("unexpected argument b.jsonl" + way, "captions",
                            "a.jsonl", "b.jsonl", "--to", "text")
        self.assert_refused("unexpected argument b.jsonl.zst" + way, "enrich",
                            "--csv", "rows.csv", "--records", "a.jsonl.zst",
                            "b.jsonl.zst")
        self.assert_refused("--missing-from: may be given once only" + way,
                            "urls", "--csv", "rows.csv", "--missing-from",
                            "a.jsonl", "--missing-from", "b.jsonl")

    def test_the_suffix_of_a_compressed_output_may_be_in_capitals(self):
        self.assertEqual(self.run_sdmeta("extract", "a.png", "-o",
                                         "X.JSONL.GZ").returncode, 0)
        with gzip.open(self.path("X.JSONL.GZ")) as lines:
            self.assertEqual(len(records(lines.read().decode())), 1)

    def test_a_device_is_an_output_whatever_is_read(self):
        result = self.run_sdmeta("extract", "a.png", "-o", "/dev/null",
                                 "--stats", "/dev/null")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_the_output_of_an_earlier_run_is_replaced(self):
        self.assertEqual(self.run_sdmeta("extract", "a.png", "-o",
                                         "out.jsonl").returncode, 0)


class Inputs(ProgramTest):
    def test_an_input_that_is_not_there_is_told_and_has_its_record(self):
        self.write("a.png", png())
        result = self.run_sdmeta("extract", "b.png", "a.png")
        self.assertEqual(result.returncode, 0)
        self.assertEqual([r["status"] for r in records(result.stdout)],
                         ["unreadable", "no_metadata"])
        told = "sdmeta: b.png: unreadable: open: No such file or directory\n"
        self.assertEqual(result.stderr.count(told), 1)

    def test_an_input_that_is_not_there_is_told_before_the_run(self):
        os.mkfifo(self.path("list"))
        run = subprocess.Popen([BINARY, "extract", "b.png", "--files-from",
                                "list", "-o", "out.jsonl"], cwd=self.folder,
                               stderr=subprocess.PIPE)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait, 30)
        self.addCleanup(run.kill)
        self.assertTrue(select.select([run.stderr], [], [], 30)[0])
        self.assertEqual(run.stderr.readline(), b"sdmeta: b.png: unreadable: "
                         b"open: No such file or directory\n")

    def test_failed_arguments_folders_and_archives_are_told(self):
        self.write("f/no/a.png", png())
        self.write("f/x.png", b"")
        self.write("bad.png", b"<html>")
        with tarfile.open(self.path("f/a.tar"), "w",
                          format=tarfile.USTAR_FORMAT) as tar:
            for name in ("1.png", "2.png"):
                tar.add(self.path("f/no/a.png"), name)
        os.truncate(self.path("f/a.tar"), 1300)
        os.chmod(self.path("f/no"), 0)
        result = self.run_sdmeta("extract", "-q", "f", "no.tar", "bad.png",
                                 under=without_privileges())
        os.chmod(self.path("f/no"), 0o700)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(
            result.stderr,
            "sdmeta: no.tar: unreadable: open: No such file or directory\n"
            "sdmeta: f/a.tar: corrupt: archive_broken: ends inside a header; "
            "1 member was found\n"
            "sdmeta: f/no: unreadable: open folder: Permission denied\n"
            "sdmeta: bad.png: not_an_image: web page or XML text\n")

    def test_the_first_failures_are_told_and_the_others_counted(self):
        names = ["%02d.png" % i for i in range(30)]
        for more, expected in ((20, None), (21, "1 more input failed"),
                               (30, "10 more inputs failed")):
            lines = self.run_sdmeta("extract", "-q",
                                    *names[:more]).stderr.splitlines()
            self.assertEqual([line.split(": ")[1] for line in lines[:20]],
                             names[:20])
            self.assertEqual(lines[20:], [] if expected is None else [
                "sdmeta: %s; the records say which and why" % expected])

    def test_a_list_that_breaks_off_is_named_with_the_reason(self):
        for stdin, reason in ((b"a.png\0", "a NUL in a line; where NULs end "
                               "the paths: -0"), (None, "Bad file descriptor")):
            command = [BINARY, "extract", "-q", "-"]
            if stdin is None:
                command = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
            result = subprocess.run(command, input=stdin, capture_output=True)
            self.assertEqual(result.returncode, 2)
            self.assertEqual(
                result.stderr.decode(),
                "sdmeta: standard input: unreadable: read list: %s\n"
                "sdmeta: a list could not be read to its "
                "end, so that records are missing\n" % reason)

    def test_a_pipe_is_not_read_as_an_image(self):
        result = subprocess.run([BINARY, "extract", "-q", "/dev/stdin"],
                                input=png(), capture_output=True)
        self.assertEqual(
            result.stderr.decode(),
            "sdmeta: /dev/stdin: unreadable: is a pipe or a device; images and "
            "archives are read from files\n")

    def test_tables_and_records_are_doubted_and_have_their_record(self):
        self.write("rows.csv", "image_id\n1\n")
        self.write("out.jsonl.zst", b"")
        result = self.run_sdmeta("extract", "rows.csv", "out.jsonl.zst")
        self.assertEqual([r["status"] for r in records(result.stdout)],
                         ["not_an_image", "not_an_image"])
        self.assertIn("sdmeta: rows.csv is read as an image; for its rows: "
                      "--csv rows.csv\n", result.stderr)
        self.assertIn("sdmeta: out.jsonl.zst is read as an image; if it holds "
                      "the records of an earlier run, see -o and --resume\n",
                      result.stderr)

    def test_a_folder_without_images_says_what_was_skipped(self):
        self.write("shots/a.txt", "")
        self.write("shots/b.json", "")
        result = self.run_sdmeta("extract", "shots")
        self.assertIn("0 images: 0 ok, 0 without metadata, 0 failed; 2 other "
                      "names skipped (see --all-files); ", result.stderr)

    def test_a_list_with_nuls_needs_to_be_told(self):
        self.write("a.png", png())
        self.write("list", b"a.png\0a.png\0")
        result = self.run_sdmeta("extract", "--files-from", "list")
        self.assertEqual(result.returncode, 2)
        [record] = records(result.stdout)
        self.assertEqual((record["file"], record["error"]["detail"]), (
            "list", "read list: a NUL in a line; where NULs end the paths: -0"))
        result = self.run_sdmeta("extract", "--files-from", "list", "-0")
        self.assertEqual(len(records(result.stdout)), 2)

    def test_no_arguments_are_answered_with_help(self):
        result = self.run_sdmeta()
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertEqual(result.stderr, self.run_sdmeta("-h").stdout)


if __name__ == "__main__":
    unittest.main()
