"""docs/quirks.md names a test for each quirk; no name may be of a test that is gone."""
import os
import pathlib
import re
import unittest

SOURCE = pathlib.Path(os.environ["SDMETA_SOURCE"])


class Quirks(unittest.TestCase):
    def test_every_named_test_exists(self):
        tests = set()
        for path in (SOURCE / "tests").rglob("*_test.cc"):
            tests.update(".".join(names) for names in re.findall(
                r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)",
                path.read_text(encoding="utf-8"), re.M))
        named = []
        for line in (SOURCE / "docs" / "quirks.md").read_text(
                encoding="utf-8").splitlines():
            if line.startswith("| ") and not line.endswith("| test |"):
                cell = line.rstrip(" |").rsplit("| ", 1)[1]
                named += [name.strip() for name in cell.split(",")]
        self.assertGreater(len(named), 60)
        self.assertEqual([name for name in named if name not in tests], [])


if __name__ == "__main__":
    unittest.main()
