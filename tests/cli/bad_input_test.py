"""Whatever is wrong with an input: one record, its status, and the rest goes on."""
import os
import subprocess
import unittest

from program import BINARY, INFOTEXT, ProgramTest, png, records, without_privileges


class BadImages(ProgramTest):
    def assert_status(self, record, status, error=None):
        self.assertEqual(record["status"], status, record)
        if error is not None:
            self.assertEqual((record["error"]["code"],
                              record["error"]["detail"]), error)

    def test_folder_with_an_images_name(self):
        os.mkdir(self.path("list"))
        os.mkdir(self.path("x.png"))
        self.write("list/paths.txt", "x.png\n")
        record = self.one_record("--files-from", "list/paths.txt")
        self.assert_status(record, "unreadable", ("unreadable", "is a folder"))
        self.assertIsNone(record["image"]["bytes"])

    def test_dangling_link(self):
        os.symlink("nowhere", self.path("x.png"))
        self.assert_status(self.one_record("x.png"), "unreadable",
                           ("unreadable", "open: No such file or directory"))

    def test_missing_file(self):
        self.assert_status(self.one_record("x.png"), "unreadable",
                           ("unreadable", "open: No such file or directory"))

    def test_unreadable_file(self):
        os.chmod(self.write("x.png", png()), 0)
        record = self.one_record("x.png", under=without_privileges())
        self.assert_status(record, "unreadable",
                           ("unreadable", "open: Permission denied"))

    def test_empty_file(self):
        self.write("x.png", b"")
        record = self.one_record("x.png")
        self.assert_status(record, "not_an_image")
        self.assertEqual(record["image"]["bytes"], 0)

    def test_html_page_called_jpeg(self):
        self.write("x.jpeg", b"<!DOCTYPE html><title>404</title>")
        record = self.one_record("x.jpeg")
        self.assert_status(record, "not_an_image")
        self.assertIsNone(record["image"]["format"])

    def test_png_cut_anywhere(self):
        whole = png(INFOTEXT % 1)
        text_end = whole.index(b"IDAT") - 4
        for cut in range(len(whole)):
            self.write("cut/%04d.png" % cut, whole[:cut])
        result = self.run_sdmeta("extract", "cut")
        self.assertEqual(result.returncode, 0, result.stderr)
        found = records(result.stdout)
        self.assertEqual([r["image"]["bytes"] for r in found],
                         list(range(len(whole))))
        for record in found:
            cut = record["image"]["bytes"]
            if cut >= text_end:
                self.assertEqual(record["status"], "ok", cut)
                self.assertEqual(record["generation"]["seed"], "1")
            elif cut >= 8:
                self.assertIn(record["status"], ("ok", "truncated"), cut)
            else:
                self.assertIn(record["status"], ("not_an_image", "truncated"),
                              cut)

    def test_a_bad_file_costs_no_other(self):
        self.write("a/1.png", png(INFOTEXT % 1))
        self.write("a/2.png", b"")
        self.write("a/3.jpg", b"\xff\xd8\xff")
        os.symlink("nowhere", self.path("a/4.png"))
        self.write("a/5.png", png(INFOTEXT % 5))
        result = self.run_sdmeta("extract", "a")
        self.assertEqual(result.returncode, 0)
        self.assertEqual([os.path.basename(r["file"])
                          for r in records(result.stdout)],
                         ["1.png", "2.png", "3.jpg", "4.png", "5.png"])
        self.assertIn("5 images: 2 ok, 0 without metadata, 3 failed "
                      "(see status)", result.stderr)

    def test_strict_turns_failures_into_exit_1(self):
        self.write("x.png", b"")
        self.assertEqual(self.run_sdmeta("extract", "x.png").returncode, 0)
        result = self.run_sdmeta("extract", "--strict", "x.png")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(records(result.stdout)), 1)

    def test_strict_accepts_images_without_metadata(self):
        self.write("x.png", png())
        self.assertEqual(
            self.run_sdmeta("extract", "--strict", "x.png").returncode, 0)

    def test_name_that_is_not_utf8(self):
        name = os.fsencode(self.folder) + b"/caf\xe9.png"
        with open(name, "wb") as file:
            file.write(png())
        record = self.one_record("--files-from", self.write(
            "list.txt", b"caf\xe9.png\n"))
        self.assertEqual(record["file"], "caf\uefe9.png")

    def test_control_characters_in_messages_are_shown(self):
        result = self.run_sdmeta("extract", "a.png", "-o", "no\x1b[2J/out")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr,
                         "sdmeta: no\\x1b[2J/out: unwritable: folder "
                         "no\\x1b[2J: No such file or directory\n")


class BadCsv(ProgramTest):
    HEADER = ("id,image_url,user_id,nsfw_level,created_at,published_at,"
              "tag_ids,image_id\n")

    def setUp(self):
        super().setUp()
        self.write("12345678.png", png())

    def extract(self, csv):
        self.write("rows.csv", csv)
        return self.run_sdmeta("extract", "--csv", "rows.csv", "12345678.png")

    def test_broken_quote_costs_its_row(self):
        result = self.extract(self.HEADER +
                              "1,u,2,1,a,b,\"1,2,12345678\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("rows.csv:2: bad_row", result.stderr)
        self.assertIsNone(records(result.stdout)[0]["row"])

    def test_missing_column(self):
        result = self.extract("id,user_id\n1,2\n")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stdout, "")
        self.assertIn("rows.csv", result.stderr)
        self.assertIn("missing_column", result.stderr)
        self.assertIn("id,user_id", result.stderr)

    def test_empty_file(self):
        result = self.extract("")
        self.assertEqual(result.returncode, 2)
        self.assertIn("rows.csv", result.stderr)

    def test_missing_file(self):
        result = self.run_sdmeta("extract", "--csv", "no.csv", "12345678.png")
        self.assertEqual(result.returncode, 2)
        self.assertIn("no.csv", result.stderr)

    def test_row_is_joined(self):
        result = self.extract(self.HEADER +
                              "1,u,2,1,a,b,\"1,2\",12345678\n")
        self.assertEqual(records(result.stdout)[0]["row"]["tag_ids"], [1, 2])


class BadOutput(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("x.png", png())

    def test_folder_that_is_not_there(self):
        result = self.run_sdmeta("extract", "x.png", "-o", "no/out.jsonl")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr,
                         "sdmeta: no/out.jsonl: unwritable: folder no: No such "
                         "file or directory\n")

    def test_full_disk(self):
        result = self.run_sdmeta("extract", "x.png", "-o", "/dev/full")
        self.assertEqual(result.returncode, 2)
        self.assertIn("sdmeta: /dev/full: unwritable: write: No space left on "
                      "device\n", result.stderr)

    def test_full_disk_behind_standard_output(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([BINARY, "extract", self.path("x.png")],
                                    stdout=full, stderr=subprocess.PIPE,
                                    timeout=60)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"No space left on device", result.stderr)

    def test_statistics_that_cannot_be_written(self):
        result = self.run_sdmeta("extract", "x.png", "--stats", "/dev/full")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(len(records(result.stdout)), 1)
        self.assertIn("/dev/full: unwritable", result.stderr)

    def test_list_that_is_not_there(self):
        result = self.run_sdmeta("extract", "--files-from", "no.txt", "x.png",
                                 "-o", "out.jsonl")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr, "sdmeta: no.txt: unreadable: open "
                         "list: No such file or directory\n")
        self.assertEqual(os.listdir(self.folder), ["x.png"])


if __name__ == "__main__":
    unittest.main()
