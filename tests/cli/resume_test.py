"""Killed runs, continued: nothing lost, nothing doubled."""
import json
import os
import tarfile
import random
import signal
import subprocess
import unittest
import zipfile

from program import (BINARY, INFOTEXT, ProgramTest, png, records,
                     without_privileges)

KILLS = 60


class Resume(ProgramTest):
    def extract(self, output, *arguments, **options):
        result = self.run_sdmeta("extract", "images", "-o", output, *arguments,
                                 **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def kill_and_resume(self, suffix, kills, randomness):
        """Kills `kills` runs of one output, then lets the last one finish.
        Returns how many of them really died."""
        output = "killed.jsonl" + suffix
        died = 0
        seconds = self.seconds
        for _ in range(kills):
            run = subprocess.Popen(
                [BINARY, "extract", "images", "-o", output, "--resume", "-q",
                 "-j", "2"], cwd=self.folder)
            try:
                run.wait(randomness.uniform(0, seconds))
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
                run.wait()
            died += run.returncode == -signal.SIGKILL
        self.extract(output, "--resume")
        self.assertEqual(self.read(output), self.read("whole.jsonl" + suffix))
        os.unlink(self.path(output))
        return died

    def test_kills_at_any_moment_lose_and_double_nothing(self):
        randomness = random.Random(5)
        # Some jobs need a lot longer than others.
        self.write_images("images", 3000)
        for i in range(0, 3000, 7):
            self.write("images/%06d.png" % i,
                       png("x" * 20000 + INFOTEXT % i))
        seconds = []
        for suffix in ("", ".gz", ".zst"):
            result = self.extract("whole.jsonl" + suffix, "--stats", "s.json")
            seconds.append(json.loads(self.read("s.json"))["seconds"])
        self.seconds = 1.2 * max(seconds)
        died = rounds = 0
        while died < KILLS:
            for suffix in ("", ".gz", ".zst"):
                died += self.kill_and_resume(suffix, 4, randomness)
            rounds += 1
            self.assertLess(rounds, 200, "runs end before they can be killed")
        print("%d runs killed in %d rounds" % (died, rounds))

    def test_a_cut_anywhere_is_continued(self):
        self.write_images("images", 100)
        randomness = random.Random(6)
        for suffix in ("", ".gz", ".zst"):
            self.extract("whole.jsonl" + suffix)
            whole = self.read("whole.jsonl" + suffix)
            for _ in range(10):
                cut = randomness.randrange(len(whole))
                self.write("out.jsonl%s.partial" % suffix, whole[:cut])
                self.extract("out.jsonl" + suffix, "--resume")
                self.assertEqual(self.read("out.jsonl" + suffix), whole, cut)
                os.unlink(self.path("out.jsonl" + suffix))

    def test_finished_output_gets_only_what_is_new(self):
        self.write_images("images", 100)
        for suffix in ("", ".gz", ".zst"):
            self.write("images/zzz.png", png())
            os.unlink(self.path("images/zzz.png"))
            name = "out.jsonl" + suffix
            self.extract(name)
            before = self.read(name)
            self.write("images/000050a.png", png(INFOTEXT % 7))
            self.write("images/zzz.png", png(INFOTEXT % 8))
            result = self.extract(name, "--resume")
            self.assertIn("2 images: 2 ok", result.stderr)
            self.assertIn("100 recorded before", result.stderr)
            after = self.read(name)
            self.assertTrue(after.startswith(before))
            self.assertGreater(len(after), len(before))
            os.unlink(self.path("images/000050a.png"))

    def test_nothing_new_leaves_the_output_as_it_is(self):
        self.write_images("images", 10)
        self.extract("out.jsonl")
        before = self.read("out.jsonl")
        self.extract("out.jsonl", "--resume")
        self.assertEqual(self.read("out.jsonl"), before)

    def test_a_file_of_another_size_is_new(self):
        self.write_images("images", 10)
        self.extract("out.jsonl")
        self.write("images/000003.png", png())
        self.extract("out.jsonl", "--resume")
        found = records(self.read("out.jsonl").decode())
        self.assertEqual(len(found), 11)
        self.assertEqual(found[-1]["file"], "images/000003.png")

    def test_a_record_stays_the_last_of_a_file_that_is_away(self):
        self.write_images("images", 5)
        self.write("images/000003.png", b"")  # and so does that of a failure
        self.write("list", "".join("images/%06d.png\n" % i for i in range(6)))
        arguments = ("extract", "--files-from", "list", "-o", "out.jsonl",
                     "--resume")
        self.run_sdmeta(*arguments)
        before = self.read("out.jsonl")
        os.rename(self.path("images"), self.path("away"))
        result = self.run_sdmeta(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("6 recorded before", result.stderr)
        self.assertEqual(self.read("out.jsonl"), before)

    def test_inputs_named_twice_have_two_records(self):
        self.write("x.png", png())
        self.run_sdmeta("extract", "x.png", "-o", "out.jsonl")
        self.run_sdmeta("extract", "x.png", "x.png", "-o", "out.jsonl",
                        "--resume")
        self.assertEqual(len(records(self.read("out.jsonl").decode())), 2)

    def test_another_spelling_of_a_path_is_the_same_file(self):
        self.write_images("images", 3)
        self.extract("out.jsonl")
        before = self.read("out.jsonl")
        for spelling in ("images/", "./images", ".//images/.", "././images//"):
            result = self.run_sdmeta("extract", spelling, "-o", "out.jsonl",
                                     "--resume")
            self.assertIn("0 images", result.stderr)
            self.assertEqual(self.read("out.jsonl"), before)
        # Of what ".." leads to a name says nothing.
        self.run_sdmeta("extract", "images/../images", "-o", "out.jsonl",
                        "--resume")
        self.assertEqual(len(self.statuses("out.jsonl")), 6)

    def test_records_none_of_which_is_of_the_inputs_are_told(self):
        self.write_images("images", 3)
        self.extract("out.jsonl")
        result = self.run_sdmeta("extract", self.path("images"), "-o",
                                 "out.jsonl", "--resume")
        self.assertIn("3 records before, none of these inputs as they are "
                      "spelt", result.stderr)
        self.assertNotIn("spelt", self.extract("out.jsonl", "--resume").stderr)

    def test_bad_inputs_are_not_done_again(self):
        self.write("images/empty.png", b"")
        os.symlink("nowhere", self.path("images/link.png"))
        self.extract("out.jsonl")
        self.extract("out.jsonl", "--resume")
        self.assertEqual(len(records(self.read("out.jsonl").decode())), 2)

    def test_a_file_that_cannot_be_opened_is_done_again_once_it_can(self):
        self.write("images/a.png", png())
        locked = self.write("images/b.png", png(INFOTEXT % 1))
        os.chmod(locked, 0)
        for _ in range(3):
            self.extract("out.jsonl", "--resume", under=without_privileges())
        self.assertEqual(self.statuses("out.jsonl"),
                         ["no_metadata", "unreadable"])
        os.chmod(locked, 0o600)
        for _ in range(2):
            self.extract("out.jsonl", "--resume", under=without_privileges())
        self.assertEqual(self.statuses("out.jsonl"),
                         ["no_metadata", "unreadable", "ok"])

    def test_what_could_not_be_opened_is_not_read_to_its_end_first(self):
        self.write("list", "film.png\n")
        arguments = ("extract", "--files-from", "list", "-o", "out.jsonl",
                     "--resume")
        self.run_sdmeta(*arguments)
        self.write("film.png", png(INFOTEXT))
        try:
            os.truncate(self.path("film.png"), 1 << 42)  # days, if it were read
        except OSError as error:
            self.skipTest(str(error))
        self.run_sdmeta(*arguments)
        self.assertEqual(self.statuses("out.jsonl"), ["unreadable", "ok"])

    def test_a_file_that_had_its_size_before_its_bytes_is_done_again(self):
        whole = png(INFOTEXT % 1)
        for name in ("a", "b"):
            self.write("images/%s.png" % name, bytes(len(whole)))
        for _ in range(3):
            self.extract("out.jsonl", "--resume")
            self.assertEqual(self.statuses("out.jsonl"), ["not_an_image"] * 2)
        self.write("images/b.png", whole)
        for _ in range(3):
            self.extract("out.jsonl", "--resume")
            self.assertEqual(self.statuses("out.jsonl"),
                             ["not_an_image"] * 2 + ["ok"])

    def test_what_verify_found_broken_stays_so_for_runs_without_it(self):
        whole = png("x" * 3000)
        pixels = whole.rindex(b"IDAT") + 8
        self.write("images/a.png", whole[:pixels] + b"\0" + whole[pixels + 1:])
        self.extract("out.jsonl", "--verify")
        before = self.read("out.jsonl")
        for options in ((), ("--verify",)):
            result = self.extract("out.jsonl", "--resume", *options)
            self.assertIn("1 of them failed or damaged", result.stderr)
            self.assertEqual(self.read("out.jsonl"), before)
        self.write("images/a.png", whole)
        self.extract("out.jsonl", "--resume")
        self.assertGreater(len(self.read("out.jsonl")), len(before))

    def test_the_member_at_a_break_is_done_again_once_the_archive_is_whole(self):
        image = png(INFOTEXT % 1) + os.urandom(3000)
        self.write("images/a.png", image)
        for name, write in (("a.zip", self.write_zip), ("a.tar",
                                                        self.write_tar)):
            write(name, image)
            whole = self.read(name)
            self.write(name, whole[:len(whole) // 2])
            for content in (whole[:len(whole) // 2], whole, whole):
                self.write(name, content)
                self.run_sdmeta("extract", name, "-o", name + ".jsonl",
                                "--resume")
            found = records(self.read(name + ".jsonl").decode())
            sound = [r["member"] for r in found if r["status"] == "ok"
                     and not r["warnings"]]
            self.assertEqual(sorted(sound), ["%d.png" % i for i in range(5)])

    def write_zip(self, name, image):
        with zipfile.ZipFile(self.path(name), "w") as archive:
            for i in range(5):
                archive.writestr("%d.png" % i, image)

    def write_tar(self, name, image):
        with tarfile.open(self.path(name), "w") as archive:
            for i in range(5):
                archive.add(self.path("images/a.png"), "%d.png" % i)

    def test_strict_counts_failures_that_were_recorded_before(self):
        self.write("images/a.png", b"")
        self.write("images/b.png", png())
        self.extract("out.jsonl")
        lines = self.read("out.jsonl").splitlines(keepends=True)
        for old, image, code in ((lines[0], "a.png", 1), (lines[1], "b.png", 0),
                                 (lines[0], "b.png", 0)):
            os.unlink(self.path("out.jsonl"))
            self.write("out.jsonl.partial", old)
            result = self.run_sdmeta("extract", "images/" + image, "-o",
                                     "out.jsonl", "--resume", "--strict")
            self.assertEqual(result.returncode, code)
            self.assertEqual("1 recorded before, 1 of them failed or damaged"
                             in result.stderr, code == 1)

    def test_strict_forgets_the_failure_of_a_file_that_was_mended(self):
        self.write("images/a.png", b"")
        for content, code in ((b"", 1), (png(), 0)):
            self.write("images/a.png", content)
            for _ in range(2):
                self.assertEqual(self.run_sdmeta(
                    "extract", "images", "-o", "out.jsonl", "--resume",
                    "--strict").returncode, code)

    def test_strict_forgets_the_cut_of_an_archive_that_is_whole_now(self):
        self.write("images/a.png", png())
        with tarfile.open(self.path("whole.tar"), "w") as tar:
            tar.add(self.path("images/a.png"), "a.png")
        whole = self.read("whole.tar")
        for content, code in ((whole[:1024], 1), (whole, 0)):
            self.write("a.tar", content)
            self.assertEqual(self.run_sdmeta(
                "extract", "a.tar", "-o", "out.jsonl", "--resume",
                "--strict").returncode, code)

    def statuses(self, output):
        return [r["status"] for r in records(self.read(output).decode())]

    def test_an_output_in_its_folder_of_inputs_is_no_input(self):
        self.write_images("images", 3)
        self.write("images/notes.txt", "x")
        arguments = ["--all-files", "--stats", "images/stats"]
        for skipped in (1, 2):  # OUT.partial, then images/stats too
            result = self.extract("images/out.jsonl", "--resume", *arguments)
            self.assertIn("%d other name" % skipped, result.stderr)
            self.assertEqual(self.statuses("images/out.jsonl"),
                             ["ok"] * 3 + ["not_an_image"])

    def test_names_that_are_no_utf8_are_known_again(self):
        os.mkdir(self.path("images"))
        with open(os.fsencode(self.path("images")) + b"/caf\xe9.png",
                  "wb") as file:
            file.write(png())
        self.extract("out.jsonl")
        self.extract("out.jsonl", "--resume")
        self.assertEqual(len(records(self.read("out.jsonl").decode())), 1)

    def test_what_is_not_resumed_is_kept(self):
        self.write_images("images", 10)
        self.extract("out.jsonl")
        whole = self.read("out.jsonl")
        os.rename(self.path("out.jsonl"), self.path("out.jsonl.partial"))
        result = self.run_sdmeta("extract", "-q", "images", "-o", "out.jsonl")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(
            result.stderr,
            "sdmeta: out.jsonl.partial.old: holds what an interrupted run had "
            "written; to go on with it, rename it to out.jsonl.partial and "
            "pass --resume\n")
        self.assertEqual(self.read("out.jsonl.partial.old"), whole)
        self.assertEqual(self.read("out.jsonl"), whole)

    def assert_both_weeks(self, output):
        self.assertEqual([r["file"].split("/")[0] for r in records(
            self.read(output).decode())], ["week1"] * 5 + ["week2"] * 2)

    def test_a_partial_output_without_a_record_hides_no_finished_one(self):
        self.write_images("week1", 5)
        self.write_images("week2", 2)
        self.run_sdmeta("extract", "week1", "-o", "week1.jsonl")
        week1 = self.read("week1.jsonl")
        for left in (b"", week1[:40]):
            self.write("out.jsonl", week1)
            self.write("out.jsonl.partial", left)
            result = self.run_sdmeta("extract", "-q", "week2", "-o",
                                     "out.jsonl", "--resume")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assert_both_weeks("out.jsonl")
            self.assertFalse(os.path.exists(self.path("out.jsonl.partial")))

    def test_a_finished_output_beside_a_partial_one_is_kept(self):
        self.write_images("week1", 5)
        self.write_images("week2", 2)
        self.run_sdmeta("extract", "week1", "-o", "week1.jsonl")
        self.run_sdmeta("extract", "week2", "-o", "week2.jsonl")
        for kept in ("out.jsonl.old", "out.jsonl.old.1"):
            self.write("out.jsonl", self.read("week2.jsonl"))
            self.write("out.jsonl.partial", self.read("week1.jsonl"))
            result = self.run_sdmeta("extract", "-q", "week2", "-o",
                                     "out.jsonl", "--resume")
            self.assertEqual(result.returncode, 0)
            self.assertTrue(result.stderr.endswith(
                kept + ": holds the output that was there before the run that "
                "this one continues\n"), result.stderr)
            self.assert_both_weeks("out.jsonl")
            self.assertEqual(self.read(kept), self.read("week2.jsonl"))

    def test_somebody_elses_partial_file_is_told_from_the_output(self):
        self.write_images("week1", 5)
        self.run_sdmeta("extract", "week1", "-o", "out.jsonl")
        before = self.read("out.jsonl")
        self.write("out.jsonl.partial", "my notes\n")
        result = self.run_sdmeta("extract", "week1", "-o", "out.jsonl",
                                 "--resume")
        self.assertEqual(result.returncode, 2)
        self.assertIn("out.jsonl.partial: line 1 is no record of this program",
                      result.stderr)
        self.assertEqual(self.read("out.jsonl"), before)
        self.assertEqual(self.read("out.jsonl.partial"), b"my notes\n")

    def test_somebody_elses_file_is_left_alone(self):
        self.write_images("images", 1)
        self.write("notes.txt", "my notes\n")
        result = self.run_sdmeta("extract", "images", "-o", "notes.txt",
                                 "--resume")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(self.read("notes.txt"), b"my notes\n")
        self.assertEqual(result.stderr,
                         "sdmeta: notes.txt: corrupt: line 1 is no record of "
                         "this program; name another output\n")

    def test_a_large_file_of_somebody_else_is_refused_by_its_start(self):
        self.write_images("images", 1)
        os.truncate(self.write("zeros", ""), 256 << 20)
        run = subprocess.Popen([BINARY, "extract", "images", "-o", "zeros",
                                "--resume"], cwd=self.folder,
                               stderr=subprocess.PIPE, text=True)
        with run.stderr as stderr:
            self.assertIn("zeros: corrupt: line 1 is no record", stderr.read())
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(run.returncode, 2)
        self.assertLess(usage.ru_maxrss, 128 << 10)  # KiB

    def test_a_full_disk_leaves_a_file_that_can_be_continued(self):
        self.write_images("images", 2000)
        self.extract("whole.jsonl")
        whole = self.read("whole.jsonl")
        # A limit on the size of files is the full disk of a test.
        limit = 1000  # of 512 bytes
        result = subprocess.run(
            ["sh", "-c", "trap '' XFSZ; ulimit -f %d; exec \"$0\" extract "
             "images -o out.jsonl" % limit, BINARY], cwd=self.folder,
            capture_output=True, text=True)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("out.jsonl: unwritable: write: File too large",
                      result.stderr)
        self.assertIn("--resume continues it", result.stderr)
        partial = self.read("out.jsonl.partial")
        self.assertTrue(partial.endswith(b"\n"), len(partial))
        self.assertTrue(whole.startswith(partial))
        self.extract("out.jsonl", "--resume")
        self.assertEqual(self.read("out.jsonl"), whole)


if __name__ == "__main__":
    unittest.main()
