"""Runs sdmeta as a user would, and makes small inputs for it."""
import json
import os
import struct
import subprocess
import tempfile
import unittest
import zlib

BINARY = os.path.abspath(
    os.environ.get("SDMETA_BINARY", "build/test/sdmeta"))

INFOTEXT = ("a lighthouse on a cliff\nNegative prompt: blur\n"
            "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: %d, Size: 8x8")


def sdmeta(*arguments, **options):
    """Finished process with stdout and stderr as text; `under` is a command
    that runs it."""
    options.setdefault("timeout", 120)
    under = options.pop("under", [])
    return subprocess.run([*under, BINARY, *map(str, arguments)], text=True,
                          capture_output=True, **options)


def chunk(kind, data):
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def png(text=None):
    """A PNG of 8 x 8 grey pixels, with `text` as its parameters."""
    pixels = zlib.compress(b"".join(b"\0" + bytes(8) for _ in range(8)))
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
            + (chunk(b"tEXt", b"parameters\0" + text.encode("latin-1"))
               if text is not None else b"")
            + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def without_privileges():
    """What to put in front of a command that must obey the modes of files, as
    root's do not: the same user without the right to pass them over."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def records(text):
    return [json.loads(line) for line in text.splitlines()]


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own as working directory of the program."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sdmeta_cli_")
        self.addCleanup(self._folder.cleanup)
        self.folder = self._folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return path

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def write_images(self, folder, count):
        for i in range(count):
            self.write("%s/%06d.png" % (folder, i), png(INFOTEXT % i))
        return self.path(folder)

    def run_sdmeta(self, *arguments, **options):
        return sdmeta(*arguments, cwd=self.folder, **options)

    def one_record(self, *arguments, **options):
        """The only record of a run that must be complete."""
        result = self.run_sdmeta("extract", *arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        found = records(result.stdout)
        self.assertEqual(len(found), 1)
        return found[0]
