"""Whole records of every binary fixture, as the program writes them.

SDMETA_UPDATE_GOLDENS=1 rewrites fixtures/images.golden.jsonl; the diff is the
review.
"""
import json
import os
import pathlib
import subprocess
import unittest

FIXTURES = pathlib.Path(os.environ["SDMETA_SOURCE"]) / "fixtures"
GOLDEN = FIXTURES / "images.golden.jsonl"


class GoldenRecords(unittest.TestCase):
    maxDiff = None

    def test_every_image_gives_its_golden_record(self):
        run = subprocess.run(
            [os.environ["SDMETA_BINARY"], "extract", "--raw", "-q", "images"],
            cwd=FIXTURES, capture_output=True, check=True)
        if os.environ.get("SDMETA_UPDATE_GOLDENS"):
            GOLDEN.write_bytes(run.stdout)
        actual = [json.loads(line) for line in run.stdout.splitlines()]
        expected = [json.loads(line) for line in GOLDEN.read_bytes().splitlines()]
        self.assertEqual([record["file"] for record in actual],
                         [record["file"] for record in expected])
        for got, golden in zip(actual, expected):
            with self.subTest(file=golden["file"]):
                self.assertEqual(got, golden)

    def test_every_image_has_a_record(self):
        files = sorted(f"images/{path.name}" for path in (FIXTURES / "images").iterdir())
        recorded = [json.loads(line)["file"] for line in GOLDEN.read_bytes().splitlines()]
        self.assertEqual(recorded, files)


if __name__ == "__main__":
    unittest.main()
