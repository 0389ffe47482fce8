"""Runs the example of the README and compares what it prints."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SDMETA_SOURCE"])


class Readme(unittest.TestCase):
    def test_first_example_prints_what_the_program_prints(self):
        text = (SOURCE / "README.md").read_text()
        block = re.search(r"<!-- quickstart.*?-->\n(.*?)<!-- /quickstart -->", text, re.S).group(1)
        lines = [line.strip() for line in block.splitlines()]
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "sample.jsonl"
            run = subprocess.run(
                [os.environ["SDMETA_BINARY"], "extract", "--csv", "csv", "images", "-o", out],
                cwd=SOURCE / "fixtures" / "sample", capture_output=True, text=True, check=True)
            records = [json.loads(line) for line in out.read_text().splitlines()]
        self.assertEqual(run.stderr.splitlines()[-1].rpartition("; ")[0], lines[1])
        shown = [" ".join(filter(None, (
            record["file"], record["status"],
            (record["generation"] or {}).get("software"),
            (record["generation"] or {}).get("seed")))) for record in records]
        self.assertEqual(shown, lines[3:])

    def test_every_command_and_document_it_names_is_there(self):
        text = (SOURCE / "README.md").read_text()
        for path in re.findall(r"\]\((docs/[a-z.]+)\)", text):
            self.assertTrue((SOURCE / path).exists(), path)
        for command in set(re.findall(r"`sdmeta ([a-z]+)", text)):
            done = subprocess.run([os.environ["SDMETA_BINARY"], command, "-h"],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, command)


if __name__ == "__main__":
    unittest.main()
