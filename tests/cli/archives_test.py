"""Archives as the tools make them, by the program that people run."""
import bz2
import gzip
import io
import lzma
import os
import shutil
import struct
import subprocess
import tarfile
import unittest
import zipfile

from program import INFOTEXT, ProgramTest, chunk, png, records

COUNT = 30


class Archives(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write_images("data/images", COUNT)
        self.write("data/images/000000.json", "{}")
        self.write("data/" + "long_" * 30 + "/" + "name_" * 30 + ".png",
                   png(INFOTEXT % COUNT))

    def make(self, *command):
        if shutil.which(command[0]) is None:
            self.skipTest(command[0] + " is not installed")
        subprocess.run(command, cwd=self.path("data"), check=True,
                       capture_output=True)

    def extract(self, *arguments):
        result = self.run_sdmeta("extract", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return records(result.stdout)

    def assert_holds_everything(self, name):
        found = self.extract(name)
        self.assertEqual(sorted(int(r["generation"]["seed"]) for r in found),
                         list(range(COUNT + 1)), name)
        self.assertEqual({r["status"] for r in found}, {"ok"})
        self.assertEqual({r["file"] for r in found}, {name})
        for r in found:
            self.assertEqual(r["image"]["bytes"], len(png(INFOTEXT % int(
                r["generation"]["seed"]))))

    def test_every_format_of_gnu_tar(self):
        for kind in ("gnu", "oldgnu", "pax", "posix"):
            name = kind + ".tar"
            self.make("tar", "--format=" + kind, "-cf", "../" + name, ".")
            self.assert_holds_everything(name)

    def test_every_compression_of_tar(self):
        for suffix, option in ((".tar.gz", "-z"), (".tgz", "-z"),
                               (".tar.xz", "-J"), (".tar.zst", "--zstd"),
                               (".tar.bz2", "-j")):
            name = "a" + suffix
            self.make("tar", option, "-cf", "../" + name, ".")
            self.assert_holds_everything(name)

    def test_zip_stored_deflated_and_streamed(self):
        self.make("zip", "-q", "-r", "-0", "../stored.zip", ".")
        self.make("zip", "-q", "-r", "-9", "../deflated.zip", ".")
        subprocess.run("zip -q -r - . > ../streamed.zip", shell=True,
                       cwd=self.path("data"), check=True)
        for name in ("stored.zip", "deflated.zip", "streamed.zip"):
            self.assert_holds_everything(name)

    def test_zip_methods_beyond_deflate(self):
        for name, method in (("b.zip", zipfile.ZIP_BZIP2),
                             ("l.zip", zipfile.ZIP_LZMA)):
            with zipfile.ZipFile(self.path(name), "w", method) as archive:
                for folder, _, files in os.walk(self.path("data")):
                    for file in files:
                        path = os.path.join(folder, file)
                        archive.write(path, os.path.relpath(path,
                                                            self.folder))
            self.assert_holds_everything(name)

    def test_zip64(self):
        with zipfile.ZipFile(self.path("a.zip"), "w") as archive:
            with archive.open("a.png", "w", force_zip64=True) as member:
                member.write(png(INFOTEXT % 5))
        found = self.extract("a.zip")
        self.assertEqual(found[0]["generation"]["seed"], "5")

    def test_7z(self):
        self.make("7z", "a", "-bd", "../a.7z", ".")
        self.assert_holds_everything("a.7z")

    def test_sparse_member(self):
        path = self.write("data/s.png", png(INFOTEXT % 77))
        os.truncate(path, 1 << 20)
        for kind in ("gnu", "pax"):
            self.make("tar", "-S", "--format=" + kind, "-cf",
                      "../s.tar", "s.png")
            found = self.extract("s.tar")
            self.assertEqual(len(found), 1)
            self.assertEqual(found[0]["generation"]["seed"], "77")
            self.assertEqual(found[0]["image"]["bytes"], 1 << 20)

    def test_text_behind_the_hole_of_a_sparse_member(self):
        # Of a size that the tar has to pad.
        blank = 1 << 20
        path = self.write("data/s.png", png()[:-12])
        with open(path, "r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(struct.pack(">I", blank) + b"prVt")
            file.seek(blank + 4, os.SEEK_CUR)
            file.write(chunk(b"tEXt", b"parameters\0" +
                             (INFOTEXT % 78).encode()) + png()[-12:])
        self.assertNotEqual(os.path.getsize(path) % 512, 0)
        for options in (["--format=gnu"],
                        *(["--format=pax", "--sparse-version=" + version]
                          for version in ("0.0", "0.1", "1.0"))):
            self.make("tar", "-S", *options, "-cf", "../s.tar", "s.png")
            self.assertLess(os.path.getsize(self.path("s.tar")), blank)
            found = self.extract("s.tar")
            self.assertEqual([(r["status"], r["generation"]["seed"])
                              for r in found], [("ok", "78")], options)

    def test_a_damaged_header_in_a_tar_costs_its_member_only(self):
        large = png(INFOTEXT % 2)[:-12] + chunk(b"prVt", os.urandom(1 << 16))
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name, data in (("1.png", png(INFOTEXT % 1)), ("2.png", large),
                               ("3.png", png(INFOTEXT % 3))):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        for name, pack in (("a.tar", bytes),
                           ("a.tar.gz", gzip.compress),
                           ("a.tar.bz2", bz2.compress),
                           ("a.tar.xz", lzma.compress)):
            self.write(name, pack(buffer.getvalue().replace(b"2.png", b"!.png")))
            result = self.run_sdmeta("extract", name)
            found = records(result.stdout)
            self.assertEqual([r["member"] for r in found],
                             ["1.png", "3.png", None])
            self.assertEqual(found[-1]["error"]["code"], "archive_broken")
            self.assertIn("1 failed", result.stderr)

    def test_zstd_with_skippable_frames_in_front(self):
        def packed(text, *skippable):
            frames = b"".join(struct.pack("<II", 0x184D2A50 + i, len(data))
                              + data for i, data in enumerate(skippable))
            return frames + subprocess.run(["zstd", "-c"], input=text,
                                           capture_output=True).stdout
        if shutil.which("zstd") is None:
            self.skipTest("zstd is not installed")
        with tarfile.open(self.path("a.tar"), "w") as tar:
            tar.add(self.path("data/images/000007.png"), "10000007.png")
        for skippable in ([b""], [b"size"], [b"size", b"x" * 500]):
            self.write("a.tar.zst", packed(self.read("a.tar"), *skippable))
            self.write("b.csv.zst", packed(b"image_id,tags\n10000007,sea\n",
                                           *skippable))
            found = self.extract("a.tar.zst", "--csv", "b.csv.zst")
            self.assertEqual([(r["generation"]["seed"], r["row"]["image_id"])
                              for r in found], [("7", 10000007)])

    def test_encrypted_members_have_a_status(self):
        self.make("zip", "-q", "-P", "secret", "../e.zip",
                  "images/000001.png")
        self.make("7z", "a", "-bd", "-psecret", "../e.7z",
                  "images/000001.png")
        for name in ("e.zip", "e.7z"):
            found = self.extract(name)
            self.assertEqual(len(found), 1)
            self.assertEqual(found[0]["error"]["code"], "encrypted", name)
            self.assertEqual(found[0]["member"].split("/")[-1], "000001.png")

    def test_7z_with_encrypted_names_has_one_record(self):
        self.make("7z", "a", "-bd", "-psecret", "-mhe=on", "../e.7z",
                  "images/000001.png")
        found = self.extract("e.7z")
        self.assertEqual([(r["member"], r["error"]["code"]) for r in found],
                         [(None, "encrypted")])

    def test_webdataset(self):
        with tarfile.open(self.path("000.tar"), "w") as tar:
            for i in range(5):
                for suffix, data in ((".jpg", png(INFOTEXT % i)),
                                     (".json", b"{}"), (".txt", b"caption")):
                    member = tarfile.TarInfo("%05d%s" % (i, suffix))
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
        found = self.extract("000.tar", "--stats", "stats.json")
        self.assertEqual([r["member"] for r in found],
                         ["%05d.jpg" % i for i in range(5)])
        self.assertIn(b'"skipped_names": 10', self.read("stats.json"))

    def test_names_that_are_not_utf8(self):
        with tarfile.open(self.path("a.tar"), "w") as tar:
            member = tarfile.TarInfo(os.fsdecode(b"\xe9\xff.png"))
            data = png()
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        compressed = subprocess.run(["gzip", "-c", self.path("a.tar")],
                                    capture_output=True, check=True).stdout
        self.write("a.tgz", compressed)
        self.assertEqual(self.extract("a.tar")[0]["member"],
                         self.extract("a.tgz")[0]["member"])

    def test_show_finds_a_member(self):
        self.make("tar", "-czf", "../a.tar.gz", ".")
        self.make("tar", "-cf", "../b.tar", "-C", "..", "a.tar.gz")
        result = self.run_sdmeta("show", "b.tar!/a.tar.gz!/./images/000007.png")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("lighthouse", result.stdout)

    def test_a_member_named_as_an_input_tells_what_to_name(self):
        self.make("tar", "-cf", "../a.tar", ".")
        for name in ("a.tar!/images/000001.png", "a.tar!/images/name"):
            self.write("list", name + "\n")
            for arguments in ((name,), ("--files-from", "list")):
                found = records(self.run_sdmeta("extract", *arguments).stdout)
                self.assertEqual([(r["file"], r["status"]) for r in found],
                                 [(name, "unreadable")])
                self.assertIn("name their archive", found[0]["error"]["detail"])

    def test_threads_change_nothing(self):
        self.make("tar", "-cf", "../a.tar", ".")
        self.make("tar", "-czf", "../b.tgz", ".")
        self.make("zip", "-q", "-r", "../c.zip", ".")
        outputs = {self.run_sdmeta("extract", "a.tar", "b.tgz", "c.zip",
                                   "data", "-j", j, "--io-depth", d).stdout
                   for j, d in ((1, 0), (4, 0), (2, 16))}
        self.assertEqual(len(outputs), 1)


if __name__ == "__main__":
    unittest.main()
