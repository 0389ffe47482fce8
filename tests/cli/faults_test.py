"""System calls that go wrong: one record, or one clear exit, for each."""
import io
import os
import tarfile
import unittest

from program import INFOTEXT, ProgramTest, png, records

PRELOAD = os.environ.get("SDMETA_FAULT_PRELOAD", "")
# A sanitizer's runtime insists on being the first library.
IS_SANITIZED = bool(os.environ.get("SDMETA_CXX_FLAGS"))
COUNT = 200


@unittest.skipUnless(os.path.exists(PRELOAD), "SDMETA_FAULT_PRELOAD is not set")
@unittest.skipIf(IS_SANITIZED, "not with a sanitizer")
class Faults(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write_images("images", COUNT)

    def faulty(self, fault, *arguments):
        environment = dict(os.environ, LD_PRELOAD=PRELOAD, SDMETA_FAULT=fault)
        return self.run_sdmeta(*arguments, env=environment)

    def extract(self, fault, *arguments):
        """Records of a run that must be complete."""
        result = self.faulty(fault, "extract", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return records(result.stdout)

    def assert_one_unreadable(self, found, name, reason):
        self.assertEqual(len(found), COUNT)
        bad = [r for r in found if r["status"] != "ok"]
        self.assertEqual([r["file"] for r in bad], [name])
        self.assertEqual(bad[0]["status"], "unreadable")
        self.assertIn(reason, str(bad[0]["error"]))

    def assert_as_undisturbed(self, fault, *inputs):
        expected = self.run_sdmeta("extract", *inputs).stdout
        self.assertEqual(len(records(expected)), COUNT)
        result = self.faulty(fault, "extract", *inputs)
        self.assertEqual(result.stdout, expected)
        self.assertEqual(result.returncode, 0, result.stderr)

    def write_tar(self, name, mode):
        with tarfile.open(self.path(name), mode) as tar:
            for i in range(COUNT):
                member = tarfile.TarInfo("%06d.png" % i)
                data = png(INFOTEXT % i) + os.urandom(2000)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))

    def test_an_image_that_cannot_be_read_is_one_record(self):
        for call in ("read", "pread"):
            name = "images/000123.png"
            found = self.extract("read,EIO,1+,%s;pread,EIO,1+,%s"
                                 % (name, name), "images")
            self.assert_one_unreadable(found, name, "Input/output error")

    def test_a_read_that_fails_is_told_alike_however_files_are_read(self):
        fault = "pread,EIO,1+,images/000123.png"
        waiting, ahead = (self.extract(fault, "images", "--io-depth", depth)
                          for depth in ("0", "16"))
        self.assertEqual(waiting, ahead)

    def test_a_text_that_was_not_read_to_its_end_is_damage(self):
        """As the break of a file is: for --strict, --resume and urls."""
        fault = "pread,EIO,2+,images/000123.png"
        arguments = ("extract", "images", "--verify", "--io-depth", "0",
                     "--strict", "--resume", "-o", "out.jsonl")
        result = self.faulty(fault, *arguments)
        self.assertEqual(result.returncode, 1)
        self.assertIn("1 damaged", result.stderr)
        self.assertEqual(self.run_sdmeta(*arguments).returncode, 0)
        found = [r["warnings"] for r in records(self.read("out.jsonl").decode())
                 if r["file"] == "images/000123.png"]
        self.assertEqual(found, [["unreadable: Input/output error"], []])

    def test_without_a_thread_to_wait_for_the_disk_others_do(self):
        expected = self.run_sdmeta("extract", "images").stdout
        for threads in ("1+", "2+"):
            result = self.faulty("open,EAGAIN,1,000123.png;thread,EAGAIN,"
                                 + threads, "extract", "images", "-j", "1")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(result.stdout, expected)

    def test_an_image_that_cannot_be_opened_is_one_record(self):
        for error, text in (("EMFILE", "Too many open files"),
                            ("EACCES", "Permission denied"),
                            ("ESTALE", "Stale file handle")):
            found = self.extract("open,%s,1+,000123.png" % error, "images")
            self.assert_one_unreadable(found, "images/000123.png", text)

    def test_every_open_that_fails_costs_at_most_its_own_record(self):
        for n in (40, 80, 120):
            found = self.extract("open,EMFILE,%d,.png" % n, "images")
            self.assertEqual(len(found), COUNT)
            self.assertEqual(sum(r["status"] != "ok" for r in found), 1)

    def test_short_reads_change_nothing(self):
        self.assert_as_undisturbed("read,short,1+;pread,short,1+", "images")

    def test_interrupted_reads_change_nothing(self):
        self.assert_as_undisturbed("pread,EINTR,7;read,EINTR,9;pread,EINTR,50",
                                   "images")

    def test_short_reads_of_archives_change_nothing(self):
        self.write_tar("a.tar", "w")
        self.write_tar("b.tar.gz", "w:gz")
        for name in ("a.tar", "b.tar.gz"):
            self.assert_as_undisturbed("pread,short,3", name)
            self.assert_as_undisturbed("pread,EINTR,5", name)

    def test_a_folder_that_cannot_be_listed_is_one_record(self):
        self.write("other/x.png", png())
        found = self.extract("open,EACCES,1,images", "images", "other")
        self.assertEqual([(r["file"], r["status"]) for r in found],
                         [("images", "unreadable"),
                          ("other/x.png", "no_metadata")])

    def test_a_folder_whose_listing_breaks_off_has_a_record_at_its_end(self):
        found = self.extract("readdir,EIO,50+,images", "images")
        self.assertGreater(len(found), 40)
        self.assertEqual((found[-1]["file"], found[-1]["status"]),
                         ("images", "unreadable"))
        self.assertTrue(all(r["status"] == "ok" for r in found[:-1]))

    def test_a_folder_that_one_shard_cannot_list_is_told(self):
        """Its record may be that of another shard, which can."""
        for i in range(COUNT):
            self.write("all/sub/%d.png" % i, png())
        whole = failed = 0
        for shard in ("1/2", "2/2"):
            result = self.faulty("open,EACCES,1+,all/sub", "extract", "all",
                                 "--strict", "--shard", shard)
            self.assertEqual(result.returncode, 1)
            if result.stdout:
                failed += 1
            else:
                whole += 1
                self.assertIn("1 input of other shards could not be read",
                              result.stderr)
        self.assertEqual((whole, failed), (1, 1))

    def link_images(self):
        """More names than are sorted in memory, all of one image."""
        count = 17000
        os.mkdir(self.path("many"))
        for i in range(count):
            os.link(self.path("images/000000.png"),
                    self.path("many/%05d.png" % (i * 7919 % count)))
        return ["many/%05d.png" % i for i in range(count)]

    def test_without_a_temporary_file_a_large_folder_is_sorted_in_memory(self):
        expected = self.link_images()
        for fault in ("open,ENOSPC,1+,/.sdmeta-", "write,ENOSPC,2+,/.sdmeta-",
                      "write,short,2,/.sdmeta-;pread,short,3,/.sdmeta-"):
            found = self.extract(fault, "many")
            self.assertEqual([r["file"] for r in found], expected, fault)

    def test_a_temporary_file_that_cannot_be_read_is_one_record(self):
        expected = self.link_images()
        found = self.extract("pread,EIO,9+,/.sdmeta-", "many")
        self.assertEqual([r["file"] for r in found[:-1]],
                         expected[:len(found) - 1])
        self.assertLess(len(found), len(expected))
        self.assertEqual((found[-1]["file"], found[-1]["status"]),
                         ("many", "unreadable"))
        self.assertIn("Input/output error", found[-1]["error"]["detail"])

    def assert_archive_breaks_once(self, name, fault):
        found = self.extract(fault, name)
        self.assertLess(len(found), COUNT)
        self.assertIsNone(found[-1]["member"])
        self.assertEqual(found[-1]["error"]["code"], "archive_broken")
        self.assertIn("Input/output error", found[-1]["error"]["detail"])
        return found[:-1]

    def test_a_tar_whose_headers_cannot_be_read_on_breaks_once(self):
        # Members are as large as to need a read each.
        with tarfile.open(self.path("a.tar"), "w") as tar:
            for i in range(COUNT):
                member = tarfile.TarInfo("%06d.png" % i)
                data = png(INFOTEXT % i) + bytes(200000)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        self.assert_archive_breaks_once("a.tar", "pread,EIO,100+,a.tar")

    def test_a_compressed_tar_that_cannot_be_read_on_breaks_once(self):
        self.write_tar("b.tar.gz", "w:gz")
        self.assert_archive_breaks_once("b.tar.gz", "pread,EIO,3+,b.tar.gz")

    def test_the_member_at_a_failed_read_is_unreadable(self):
        """And not corrupt: it may be read the next time."""
        with tarfile.open(self.path("b.tar.gz"), "w:gz") as tar:
            for i in range(20):
                member = tarfile.TarInfo("%d.png" % i)
                data = png(INFOTEXT % i) + os.urandom(20000)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        for n in range(2, 9):
            found = self.extract("pread,EIO,%d,b.tar.gz" % n, "b.tar.gz")
            bad = [r["status"] for r in found
                   if r["member"] and r["status"] != "ok"]
            self.assertNotIn("corrupt", bad)

    def test_an_archive_that_cannot_be_opened_is_one_record(self):
        self.write_tar("a.tar", "w")
        found = self.extract("open,EMFILE,1+,a.tar", "a.tar")
        self.assertEqual([(r["file"], r["member"], r["status"])
                          for r in found], [("a.tar", None, "unreadable")])

    def test_a_list_that_cannot_be_read_ends_in_an_exit(self):
        self.write("list", "images/000000.png\n")
        for fault in ("open,EACCES,1,list", "read,EIO,1+,list"):
            result = self.faulty(fault, "extract", "--files-from", "list",
                                 "-o", "out.jsonl")
            self.assertEqual(result.returncode, 2)
            self.assertIn("list", result.stderr)

    def test_an_output_that_was_there_stays_where_a_list_breaks_off(self):
        whole = self.run_sdmeta("extract", "images", "-o", "out.jsonl")
        self.assertEqual(whole.returncode, 0)
        before = self.read("out.jsonl")
        self.write("list", "images/000000.png\n" * 10000)
        result = self.faulty("read,EIO,2,list", "extract", "--files-from",
                             "list", "-o", "out.jsonl")
        self.assertEqual(result.returncode, 2)
        self.assertIn("out.jsonl.partial holds what was done", result.stderr)
        self.assertEqual(self.read("out.jsonl"), before)

    def test_what_could_not_be_read_is_done_again_once_it_can(self):
        """Files, and members that are read in place; what cannot be read for
        ever has one record."""
        self.write_tar("a.tar", "w")
        for inputs, path, first in (("images", "images/000123.png", "1+"),
                                    ("a.tar", "a.tar", "%d+" % (COUNT // 2))):
            fault = "read,EIO,%s,%s;pread,EIO,%s,%s" % (first, path, first,
                                                        path)
            resumed = ("extract", inputs, "-o", inputs + ".jsonl", "--resume")
            self.faulty(fault, *resumed)
            names = self.names(inputs + ".jsonl", "unreadable")
            self.assertGreater(len(names), 0)
            if inputs == "images":
                self.faulty(fault, *resumed)
                self.assertEqual(self.names(inputs + ".jsonl", "unreadable"),
                                 names)
            for _ in range(2):
                result = self.run_sdmeta(*resumed, "--strict")
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(
                    len(self.names(inputs + ".jsonl", "ok")), COUNT)
            self.assertEqual(self.names(inputs + ".jsonl", "unreadable"),
                             names)

    def names(self, output, status):
        return [r["member"] or r["file"]
                for r in records(self.read(output).decode())
                if r["status"] == status]

    def test_a_full_disk_ends_in_an_exit_and_can_be_resumed(self):
        self.run_sdmeta("extract", "images", "-o", "whole.jsonl")
        for suffix in ("", ".gz", ".zst"):
            name = "out.jsonl" + suffix
            result = self.faulty("write,ENOSPC,2+,out.jsonl", "extract",
                                 "images", "-o", name)
            self.assertEqual(result.returncode, 2)
            self.assertIn("No space left on device", result.stderr)
            self.assertFalse(os.path.exists(self.path(name)))
            result = self.run_sdmeta("extract", "images", "-o", name,
                                     "--resume")
            self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.read("out.jsonl"), self.read("whole.jsonl"))

    def test_an_output_that_cannot_be_seen_is_not_replaced(self):
        self.run_sdmeta("extract", "images", "-o", "out.jsonl")
        before = self.read("out.jsonl")
        for first in ("1+", "2+", "3+"):
            result = self.faulty("stat,EIO,%s,out.jsonl" % first, "extract",
                                 "images/000001.png", "-o", "out.jsonl",
                                 "--resume")
            self.assertIn(result.returncode, (0, 2))
            self.assertEqual(self.read("out.jsonl"), before)

    def test_a_full_disk_costs_no_caption_that_was_there(self):
        self.run_sdmeta("extract", "images/000001.png", "-o", "out.jsonl")
        for arguments, expected in (((), None), (("--force",), b"mine")):
            if expected:
                self.write("text/000001.txt", expected)
            result = self.faulty("write,ENOSPC,2+,/.sdmeta-", "captions",
                                 "out.jsonl", "--to", "text", *arguments)
            self.assertEqual(result.returncode, 2)
            self.assertIn("No space left on device", result.stderr)
            self.assertEqual(os.listdir(self.path("text")),
                             ["000001.txt"] if expected else [])
            if expected:
                self.assertEqual(self.read("text/000001.txt"), expected)

    def test_short_writes_change_nothing(self):
        expected = self.run_sdmeta("extract", "images").stdout
        result = self.faulty("write,short,1;write,short,3;write,EINTR,5",
                             "extract", "images", "-o", "out.jsonl")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.read("out.jsonl").decode(), expected)

    def test_an_output_that_cannot_be_made_ends_in_an_exit(self):
        result = self.faulty("open,EACCES,1+,out.jsonl", "extract", "images",
                             "-o", "out.jsonl")
        self.assertEqual(result.returncode, 2)
        self.assertIn("out.jsonl", result.stderr)
        self.assertIn("Permission denied", result.stderr)

    def test_a_csv_that_cannot_be_read_ends_in_an_exit(self):
        self.write("rows.csv", "image_id,image_url\n1,abc\n")
        for fault in ("open,EACCES,1+,rows.csv",
                      "read,EIO,1+,rows.csv;pread,EIO,1+,rows.csv"):
            result = self.faulty(fault, "extract", "--csv", "rows.csv",
                                 "images")
            self.assertEqual(result.returncode, 2)
            self.assertIn("rows.csv", result.stderr)

    def test_a_row_that_cannot_be_read_where_it_stands_ends_in_an_exit(self):
        names = ["%d.png" % (100000 + i) for i in range(COUNT)]
        for name in names:
            self.write("ids/" + name, png())
        self.write("rows.csv", "image_id,nsfw_level\n"
                   + "".join("%s,1\n" % name[:6] for name in names))
        result = self.faulty("pread,EIO,%d,rows.csv" % (COUNT // 2), "extract",
                             "--csv", "rows.csv", "ids", "-o", "out.jsonl")
        self.assertEqual(result.returncode, 2)
        self.assertIn("rows.csv: unreadable: read: Input/output error, so rows "
                      "may have been missed", result.stderr)
        self.assertFalse(os.path.exists(self.path("out.jsonl")))
        result = self.run_sdmeta("extract", "--csv", "rows.csv", "ids", "-o",
                                 "out.jsonl", "--resume")
        self.assertEqual(result.returncode, 0, result.stderr)
        found = records(self.read("out.jsonl").decode())
        self.assertEqual([r["file"] for r in found if not r["row"]],
                         [found[-1]["file"]])
        self.assertEqual(len(found), COUNT + 1)


if __name__ == "__main__":
    unittest.main()
