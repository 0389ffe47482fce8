"""The output: order, threads, compression, pipes, signals, statistics."""
import fcntl
import gzip
import json
import os
import pty
import select
import signal
import subprocess
import tarfile
import time
import unittest

from program import BINARY, INFOTEXT, ProgramTest, png, records


def catches(pid, number):
    """Whether the process has a handler for the signal by now."""
    with open("/proc/%d/status" % pid) as status:
        caught = next(line for line in status if line.startswith("SigCgt"))
    return int(caught.split()[1], 16) >> (number - 1) & 1


class Output(ProgramTest):
    def test_same_bytes_for_any_number_of_threads(self):
        self.write_images("images", 500)
        outputs = [self.run_sdmeta("extract", "images", "-j", j,
                                   "--io-depth", d).stdout
                   for j, d in ((1, 0), (2, 0), (2, 16), (8, 4), (8, 64))]
        self.assertEqual(len(records(outputs[0])), 500)
        for output in outputs[1:]:
            self.assertEqual(output, outputs[0])

    def test_order_is_that_of_the_arguments(self):
        for name in ("b.png", "a.png", "c.png"):
            self.write(name, png())
        result = self.run_sdmeta("extract", "b.png", "c.png", "a.png", "b.png")
        self.assertEqual([r["file"] for r in records(result.stdout)],
                         ["b.png", "c.png", "a.png", "b.png"])

    def test_compressed_output_has_the_same_lines(self):
        self.write_images("images", 200)
        plain = self.run_sdmeta("extract", "images").stdout
        for suffix in ("gz", "zst"):
            name = "out.jsonl." + suffix
            self.run_sdmeta("extract", "images", "-o", name)
            if suffix == "gz":
                text = gzip.decompress(self.read(name)).decode()
            else:
                text = subprocess.run(["zstd", "-dc", self.path(name)],
                                      capture_output=True,
                                      check=True).stdout.decode()
            self.assertEqual(text, plain)

    def test_a_compressed_output_without_a_line_can_be_read(self):
        os.mkdir(self.path("images"))
        self.write("rows.csv", "image_id,image_url\n")
        for suffix, tool in (("gz", "gzip"), ("zst", "zstd")):
            name = "out.jsonl." + suffix
            self.run_sdmeta("extract", "images", "-o", name)
            self.run_sdmeta("urls", "--csv", "rows.csv", "-o", "u." + suffix)
            for output in (name, "u." + suffix):
                self.assertEqual(subprocess.run(
                    [tool, "-dc", self.path(output)], capture_output=True,
                    check=True).stdout, b"")
            # What is resumed equals a run in one go.
            self.write("images/a.png", png(INFOTEXT % 1))
            self.run_sdmeta("extract", "images", "-o", name, "--resume")
            self.run_sdmeta("extract", "images", "-o", "whole." + suffix)
            self.assertEqual(self.read(name), self.read("whole." + suffix))
            os.unlink(self.path("images/a.png"))

    def write_every_output(self, output, **options):
        """Runs each command that writes to `output`; what it should hold."""
        self.write("a.png", png(INFOTEXT % 1))
        self.write("rows.csv", "image_id,image_url\n10000001,https://x/1\n")
        self.run_sdmeta("extract", "a.png", "-o", "records")
        for arguments in (
                ["extract", "a.png"], ["urls", "--csv", "rows.csv"],
                ["enrich", "--csv", "rows.csv", "--records", "records"]):
            expected = self.run_sdmeta(*arguments).stdout
            self.assertGreater(len(expected), 10)
            yield [*arguments, "-q", "-o", output], expected.encode()

    def test_an_open_descriptor_is_written_as_it_stands(self):
        os.symlink("/proc/self/fd/1", self.path("link"))
        for output in ("/dev/fd/1", "/proc/self/fd/1", "/dev/stdout", "link"):
            if output == "/dev/stdout" and not os.path.islink(output):
                continue
            for arguments, expected in self.write_every_output(output):
                self.write("f", "before\n")
                with open(self.path("f"), "ab") as file:
                    run = subprocess.run([BINARY, *arguments], stdout=file,
                                         stderr=subprocess.PIPE,
                                         cwd=self.folder)
                self.assertEqual((run.returncode, run.stderr), (0, b""))
                self.assertEqual(self.read("f"), b"before\n" + expected)
                self.assertFalse(os.path.exists(self.path("f.partial")))

    def test_statistics_go_behind_what_is_in_a_log(self):
        self.write("a.png", png())
        self.write("log", "before\n")
        with open(self.path("log"), "ab") as log:
            subprocess.run([BINARY, "extract", "-q", "a.png", "--stats",
                            "/dev/fd/2"], cwd=self.folder, stderr=log,
                           stdout=subprocess.DEVNULL, check=True)
        first, rest = self.read("log").decode().split("\n", 1)
        self.assertEqual((first, json.loads(rest)["records"]), ("before", 1))

    def test_a_descriptor_that_is_not_open_is_no_output(self):
        self.write("a.png", png())
        result = self.run_sdmeta("extract", "a.png", "-o", "/dev/fd/99")
        self.assertEqual((result.returncode, result.stderr), (
            2, "sdmeta: /dev/fd/99: unwritable: open: Bad file descriptor\n"))

    def test_no_file_takes_the_place_of_a_closed_standard_stream(self):
        self.write("a.png", png())
        for command, message in (
                ("extract a.png >&-", "standard output: unwritable: write"),
                ("extract a.png -o out --stats - >&-",
                 "standard output: unwritable: write"),
                ("extract - <&-", "read list")):
            result = subprocess.run(
                ["sh", "-c", "exec \"$0\" " + command, BINARY],
                cwd=self.folder, capture_output=True, text=True)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(message + ": Bad file descriptor",
                          result.stderr + result.stdout)
        self.assertEqual(len(records(self.read("out").decode())), 1)

    def test_links_are_followed_whether_they_lead_to_a_file_or_not(self):
        os.mkdir(self.path("far"))
        os.symlink("far/real", self.path("second"))
        os.symlink("second", self.path("link"))
        for arguments, expected in self.write_every_output("link"):
            for _ in range(2):
                result = self.run_sdmeta(*arguments)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertEqual(self.read("far/real"), expected)
                self.assertTrue(os.path.islink(self.path("link")))
                self.assertEqual(os.listdir(self.path("far")), ["real"])
            os.unlink(self.path("far/real"))

    def test_an_output_that_another_run_writes_is_left_alone(self):
        for arguments, _ in self.write_every_output("out"):
            self.write("out.partial", "theirs")
            with open(self.path("out.partial"), "rb") as theirs:
                fcntl.flock(theirs, fcntl.LOCK_EX)
                result = self.run_sdmeta(*arguments)
            self.assertEqual((result.returncode, result.stderr), (
                2, "sdmeta: out: unwritable: another run is writing it\n"))
            self.assertEqual(self.read("out.partial"), b"theirs")
            self.assertFalse(os.path.exists(self.path("out")))

    def test_a_pipe_that_somebody_made_non_blocking_is_waited_for(self):
        self.write_images("images", 500)
        expected = self.run_sdmeta("extract", "images").stdout
        self.write("whole.jsonl", expected)
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        with subprocess.Popen([BINARY, "extract", "-q", "images"],
                              cwd=self.folder, stdout=writing) as run:
            os.close(writing)
            with open(reading, "rb") as pipe:
                self.assertRaises(subprocess.TimeoutExpired, run.wait, 0.5)
                self.assertEqual(pipe.read().decode(), expected)
        self.assertEqual(run.returncode, 0)

        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        with subprocess.Popen([BINARY, "captions", "-", "--to", "text"],
                              cwd=self.folder, stdin=reading,
                              stderr=subprocess.DEVNULL) as run:
            os.close(reading)
            self.assertRaises(subprocess.TimeoutExpired, run.wait, 0.2)
            with open(writing, "wb") as pipe:
                pipe.write(expected.encode())
        self.assertEqual(run.returncode, 0)
        self.assertEqual(len(os.listdir(self.path("text"))), 500)

    def test_reader_that_leaves_ends_the_run_quietly(self):
        self.write_images("images", 2000)
        self.write("rows.csv", "image_id\n12345678\n")
        run = subprocess.Popen(
            [BINARY, "extract", "images", "--stats", "stats.json", "--csv",
             "rows.csv", "--unmatched-rows", "rest.csv"],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        run.stdout.readline()
        run.stdout.close()
        self.assertNotIn(b"Broken pipe", run.stderr.read())
        run.stderr.close()
        self.assertEqual(run.wait(60), 0)
        # Nobody knows about the images that were not looked at.
        self.assertFalse(json.loads(self.read("stats.json"))["complete"])
        self.assertFalse(os.path.exists(self.path("rest.csv")))

    def test_statistics(self):
        self.write_images("images", 3)
        self.write("images/x.png", b"")
        self.write("images/notes.txt", b"")
        result = self.run_sdmeta("extract", "images", "--stats", "stats.json",
                                 "-o", "out.jsonl")
        self.assertEqual(result.returncode, 0, result.stderr)
        stats = json.loads(self.read("stats.json"))
        self.assertEqual(stats["records"], 4)
        self.assertEqual(stats["by_status"]["ok"], 3)
        self.assertEqual(stats["by_status"]["not_an_image"], 1)
        self.assertEqual(stats["skipped_names"], 1)
        self.assertEqual(stats["output_bytes"],
                         os.path.getsize(self.path("out.jsonl")))
        self.assertTrue(stats["complete"])

    def test_quiet_says_nothing(self):
        self.write("x.png", png())
        self.assertEqual(self.run_sdmeta("extract", "-q", "x.png").stderr, "")

    def test_progress_only_where_it_is_wanted(self):
        self.write("x.png", png())
        clear_line = "\x1b[K"
        self.assertNotIn(clear_line,
                         self.run_sdmeta("extract", "x.png").stderr)
        self.assertIn(clear_line, self.run_sdmeta(
            "extract", "x.png", "--progress", "always").stderr)

    def test_no_line_is_drawn_over_where_the_terminal_cannot(self):
        self.write("x.png", png())
        for kind, expected in (("xterm", True), ("dumb", False)):
            terminal, end = pty.openpty()
            result = subprocess.run(
                [BINARY, "extract", "x.png"], cwd=self.folder, stderr=end,
                stdout=subprocess.DEVNULL, env=dict(os.environ, TERM=kind))
            os.close(end)
            said = os.read(terminal, 4096)
            os.close(terminal)
            self.assertEqual(result.returncode, 0)
            self.assertIn(b"1 image", said)
            self.assertEqual(b"\x1b" in said, expected, said)

    def test_a_list_in_a_pipe_is_whole_beside_a_progress_line(self):
        self.write("list", "".join("no/such/image/%d.png\n" % i
                                   for i in range(20000)))
        os.mkfifo(self.path("pipe"))
        writer = subprocess.Popen(["sh", "-c", "cat list > pipe"],
                                  cwd=self.folder)
        result = self.run_sdmeta("extract", "--files-from", "pipe",
                                 "--progress", "always")
        writer.wait()
        self.assertEqual(result.returncode, 0)
        self.assertEqual([r["file"] for r in records(result.stdout)],
                         self.read("list").decode().split())

    def test_raw_keeps_the_text(self):
        self.write("x.png", png("hello"))
        record = records(self.run_sdmeta("extract", "--raw",
                                         "x.png").stdout)[0]
        self.assertEqual(record["raw"], [{"carrier": "png:tEXt",
                                          "key": "parameters",
                                          "text": "hello"}])

    def test_a_list_that_pauses_has_its_records(self):
        self.write_images("images", 3)
        for threads in ("1", "2"):
            run = subprocess.Popen(
                [BINARY, "extract", "-", "-q", "-j", threads], cwd=self.folder,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.addCleanup(run.stdout.close)
            for i in range(3):
                name = "images/%06d.png" % i
                run.stdin.write(name.encode() + b"\n")
                run.stdin.flush()
                ready, _, _ = select.select([run.stdout], [], [], 30)
                self.assertEqual(ready, [run.stdout], "no record of " + name)
                line = os.read(run.stdout.fileno(), 1 << 16)
                self.assertEqual(json.loads(line)["file"], name)
            run.stdin.close()
            self.assertEqual(run.wait(30), 0)

    def test_a_list_may_pause_behind_anything(self):
        self.write_images("images", 3)
        with tarfile.open(self.path("a.tar"), "w") as tar:
            tar.add(self.path("images"), "images")
        one = "images/000000.png\n"
        for names, count in (("images\n", 3), ("a.tar\n", 3),
                             (one + "images\n", 4), (one + "a.tar\n", 4),
                             (one + "\n", 1), (one + "images/00", 1)):
            run = subprocess.Popen(
                [BINARY, "extract", "-", "-q"], cwd=self.folder,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.addCleanup(run.stdout.close)
            run.stdin.write(names.encode())
            run.stdin.flush()
            records = b""
            while records.count(b"\n") < count:
                ready, _, _ = select.select([run.stdout], [], [], 30)
                self.assertEqual(ready, [run.stdout], names)
                records += os.read(run.stdout.fileno(), 1 << 16)
            run.stdin.close()
            run.wait(30)

    def test_pauses_of_a_list_do_not_show_in_compressed_output(self):
        self.write_images("images", 9)
        names = ["images/%06d.png" % i for i in range(9)]
        self.write("list", "\n".join(names) + "\n")
        self.run_sdmeta("extract", "--files-from", "list", "-o", "a.jsonl.zst")
        run = subprocess.Popen(
            [BINARY, "extract", "-", "-q", "-o", "b.jsonl.zst"],
            cwd=self.folder, stdin=subprocess.PIPE)
        for name in names:
            run.stdin.write(name.encode() + b"\n")
            run.stdin.flush()
            time.sleep(0.01)
        run.stdin.close()
        self.assertEqual(run.wait(30), 0)
        self.assertEqual(self.read("a.jsonl.zst"), self.read("b.jsonl.zst"))

    def interrupt(self, signals, *arguments, stdin=None):
        """Finishes a run whose list pauses after some batches of names;
        `stdin` is the writing end of a named pipe, if the list is one."""
        run = subprocess.Popen(
            [BINARY, "extract", *arguments, "-o", "out.jsonl", "-q"],
            cwd=self.folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.stdin.close)
        if stdin is None:
            stdin = run.stdin
        else:
            stdin = open(self.path(stdin), "wb")
            self.addCleanup(stdin.close)
        stdin.write(b"images/000000.png\n" * 1000)
        stdin.flush()
        deadline = time.monotonic() + 30
        partial = self.path("out.jsonl.partial")
        while time.monotonic() < deadline and not (
                os.path.exists(partial) and os.path.getsize(partial)):
            time.sleep(0.01)
        for number in signals:
            run.send_signal(number)
        run.wait(30)
        return run

    def assert_whole_lines_left(self, run):
        self.assertEqual(run.returncode, 130)
        self.assertFalse(os.path.exists(self.path("out.jsonl")))
        text = self.read("out.jsonl.partial").decode()
        self.assertTrue(text.endswith("\n"))
        self.assertGreater(len(records(text)), 0)
        os.unlink(self.path("out.jsonl.partial"))

    def test_signal_ends_a_run_whose_list_pauses(self):
        self.write_images("images", 1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.assert_whole_lines_left(self.interrupt([number], "-"))

    def test_signal_ends_a_run_whose_list_is_a_named_pipe(self):
        self.write_images("images", 1)
        os.mkfifo(self.path("list"))
        self.assert_whole_lines_left(self.interrupt(
            [signal.SIGINT], "--files-from", "list", stdin="list"))

    def test_signal_ends_a_run_whose_named_pipe_has_no_writer(self):
        os.mkfifo(self.path("list"))
        run = subprocess.Popen([BINARY, "extract", "--files-from", "list",
                                "-o", "out.jsonl"], cwd=self.folder,
                               stderr=subprocess.PIPE)
        while not catches(run.pid, signal.SIGINT):
            time.sleep(0.01)
        run.send_signal(signal.SIGINT)
        # There is nothing to resume.
        self.assertEqual(run.communicate(timeout=30)[1].count(b"--resume"), 0)
        self.assertEqual(run.returncode, 130)

    def test_a_damaged_file_whose_text_is_read_is_counted(self):
        whole = png(INFOTEXT % 1)
        self.write("a.png", whole[:-12])
        result = self.run_sdmeta("extract", "a.png", "--verify", "--strict",
                                 "-o", "out.jsonl", "--stats", "-")
        self.assertEqual(result.returncode, 1)
        self.assertIn("1 ok, 0 without metadata, 0 failed; 1 damaged (see "
                      "warnings); ", result.stderr)
        self.assertEqual(json.loads(result.stdout)["damaged"], 1)
        self.assertEqual(self.run_sdmeta("extract", "a.png", "--strict",
                                         "--resume", "-o",
                                         "out.jsonl").returncode, 1)
        self.write("a.png", whole)
        self.assertEqual(self.run_sdmeta("extract", "a.png", "--verify",
                                         "--strict").returncode, 0)

    def test_a_file_that_may_not_grow_is_an_error(self):
        self.write_images("images", 200)
        result = self.run_sdmeta(
            "extract", "images", "-o", "out.jsonl", under=(
                "bash", "-c", 'ulimit -f 100 && exec "$@"', "bash"))
        self.assertEqual(result.returncode, 2)
        self.assertIn("File too large", result.stderr)
        self.assertIn("--resume continues it", result.stderr)

    def test_second_signal_stops_at_once(self):
        self.write_images("images", 1)
        self.assertEqual(self.interrupt(
            [signal.SIGINT, signal.SIGINT], "-").returncode, 130)


class Talk(ProgramTest):
    def test_version_names_the_libraries(self):
        result = self.run_sdmeta("version")
        self.assertEqual(result.returncode, 0)
        self.assertTrue(result.stdout.startswith("sdmeta "))
        for library in ("libarchive", "oneTBB", "zstd", "zlib", "simdjson"):
            self.assertIn(library, result.stdout)
        self.assertEqual(self.run_sdmeta("--version").stdout, result.stdout)

    def test_formats_names_a_writer(self):
        self.assertIn("a1111", self.run_sdmeta("formats").stdout)

    def test_help_goes_to_standard_output(self):
        for arguments in (("-h",), ("--help",), ("extract", "-h"),
                          ("extract", "--help"), ("show", "-h")):
            result = self.run_sdmeta(*arguments)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn("sdmeta", result.stdout)

    def test_usage_error_goes_to_standard_error(self):
        result = self.run_sdmeta("extract", "--frobnicate", "x.png")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("--frobnicate", result.stderr)

    def test_show_is_for_people(self):
        self.write("x.png", png(INFOTEXT % 42))
        result = self.run_sdmeta("show", "x.png")
        self.assertEqual(result.returncode, 0)
        for text in ("x.png", "8 x 8", "png:tEXt parameters", "lighthouse"):
            self.assertIn(text, result.stdout)

    def test_show_divides_labels_of_any_length_from_values(self):
        labels = ["L" * length for length in (17, 18, 19)]
        settings = "".join(f", {label}: 5" for label in labels)
        self.write("x.png", png(INFOTEXT % 42 + settings))
        lines = self.run_sdmeta("show", "x.png").stdout.split("\n")
        self.assertEqual([line.split() for line in lines if "LLL" in line],
                         [[label, "5"] for label in labels])

    def test_show_as_json_is_the_record(self):
        self.write("x.png", png(INFOTEXT % 42))
        shown = json.loads(self.run_sdmeta("show", "--json", "x.png").stdout)
        extracted = self.one_record("--raw", "x.png")
        self.assertEqual(shown, extracted)

    def test_show_takes_members_of_archives(self):
        self.write("a/one.png", png(INFOTEXT % 1))
        self.write("a/two.png", png(INFOTEXT % 2))
        with tarfile.open(self.path("shots.tar"), "w") as tar:
            tar.add(self.path("a"), "a")
        shown = json.loads(self.run_sdmeta("show", "--json",
                                           "shots.tar!/a/two.png").stdout)
        self.assertEqual((shown["file"], shown["member"]),
                         ("shots.tar", "a/two.png"))
        self.assertEqual(shown["generation"]["seed"], "2")
        self.assertEqual(self.run_sdmeta("show", "shots.tar").stdout.count(
            "status"), 2)

    def test_show_reads_a_list_with_nuls(self):
        self.write("a\nb.png", png(INFOTEXT % 1))
        result = self.run_sdmeta("show", "-0", "-", input="a\nb.png\0")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("a lighthouse on a cliff", result.stdout)

    def test_show_tells_what_it_cannot_read_and_shows_the_rest(self):
        self.write("x.png", png(INFOTEXT % 42))
        with tarfile.open(self.path("shots.tar"), "w") as tar:
            tar.add(self.path("x.png"), "x.png")
        for name, reason in (
                ("no.png", "open: No such file or directory"),
                ("shots.tar!/y.png", "no such member")):
            message = "sdmeta: %s: unreadable: %s\n" % (name, reason)
            result = self.run_sdmeta("show", name, "x.png")
            self.assertEqual((result.returncode, result.stderr), (2, message))
            self.assertEqual(result.stdout,
                             self.run_sdmeta("show", "x.png").stdout)
            result = self.run_sdmeta("show", "--json", name)
            self.assertEqual((result.returncode, result.stderr), (2, message))
            self.assertEqual(json.loads(result.stdout)["status"], "unreadable")

    def test_show_wraps_a_long_line_in_linear_time(self):
        prompt = "some words and more " * (500 << 10)  # 10 MiB
        self.write("x.png", png(prompt + "\nSteps: 1, Seed: 2"))
        result = self.run_sdmeta("show", "x.png", timeout=60)
        lines = result.stdout.split("\n")
        begin = next(i for i, line in enumerate(lines)
                     if line.startswith("  prompt"))
        end = next(i for i, line in enumerate(lines)
                   if line.startswith("  steps"))
        self.assertEqual(" ".join(line[20:] for line in lines[begin:end]),
                         prompt.rstrip())
        self.assertLessEqual(max(map(len, lines[begin:end])), 80)

    def test_show_hides_no_control_characters(self):
        self.write("x.png", png("evil \x1b[2J text"))
        self.assertNotIn("\x1b", self.run_sdmeta("show", "x.png").stdout)


if __name__ == "__main__":
    unittest.main()
