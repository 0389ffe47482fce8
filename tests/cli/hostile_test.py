"""Files that are made to hurt: a record each, and no more memory than measured."""
import os
import sys
import unittest

from program import BINARY, ProgramTest, records

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "hostile"))
import make_hostile
import measure


class HostileFiles(ProgramTest):
    def test_small_ones_take_no_more_memory_than_any_set_may(self):
        count = 0
        for name, data in make_hostile.small_files():
            self.write("hostile/" + name, data)
            count += 1
        output = self.path("out.jsonl")
        for options in measure.OPTIONS.values():
            _, peak = measure.run(BINARY, output, "-j", "2", *options,
                                  self.path("hostile"))
            self.assertLess(peak, measure.MAX_BYTES, options)
            self.assertEqual(len(records(self.read("out.jsonl").decode())), count)


if __name__ == "__main__":
    unittest.main()
