"""Installs the project, then builds and runs a program that uses it."""
import os
import pathlib
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SDMETA_SOURCE"])


class Install(unittest.TestCase):
    def test_a_program_builds_against_the_installed_library(self):
        with tempfile.TemporaryDirectory() as folder:
            prefix = pathlib.Path(folder) / "prefix"
            build = pathlib.Path(folder) / "build"
            def run(*command):
                done = subprocess.run(command, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                return done.stdout
            run("cmake", "--install", os.environ["SDMETA_BUILD"], "--prefix", prefix)
            run("cmake", "-G", "Ninja", "-S", SOURCE / "tests" / "consumer", "-B", build,
                f"-DCMAKE_PREFIX_PATH={prefix}",
                f"-DCMAKE_CXX_FLAGS={os.environ.get('SDMETA_CXX_FLAGS', '')}")
            run("cmake", "--build", build)
            # Users need no library for our headers but the standard one.
            includes = run(os.environ.get("CXX", "c++"), "-std=c++20", "-M",
                           "-I", prefix / "include" / "sdmeta",
                           SOURCE / "tests" / "consumer" / "consumer.cc")
            self.assertIn("interpret.h", includes)
            self.assertNotIn("simdjson", includes)
            out = run(build / "consumer", SOURCE / "fixtures" / "images" / "png-text.png")
            self.assertIn("a heron in a reed bed", out)
            self.assertIn("sdmeta", run(prefix / "bin" / "sdmeta", "version"))
            completion = (prefix / "share" / "bash-completion" / "completions"
                          / "sdmeta")
            def words(*line):
                return run("bash", "-c", "source $0; COMP_WORDS=(\"$@\"); "
                           "COMP_CWORD=$(($# - 1)); _sdmeta; "
                           "echo ${COMPREPLY[@]}", completion,
                           prefix / "bin" / "sdmeta", *line).split()
            self.assertEqual(words("e"), ["extract", "enrich"])
            self.assertEqual(words("urls", "--mis"), ["--missing-from"])
            self.assertEqual(words("extract", "-o", "x", "--s"),
                             ["--shard", "--stealth", "--stats", "--strict"])
            self.assertEqual(words("extract", "x"), [])


if __name__ == "__main__":
    unittest.main()
