"""What the completions of bash, fish and zsh offer, which the program tells them."""
import os
import pathlib
import subprocess
import unittest

from program import BINARY

SCRIPTS = pathlib.Path(os.environ["SDMETA_SOURCE"]) / "scripts"
# The last word is completed.
LINES = {
    ("sdmeta", "e"): ["enrich", "extract"],
    ("sdmeta", "urls", "--mis"): ["--missing-from"],
    ("sdmeta", "extract", "-o", "x", "--s"):
        ["--shard", "--stats", "--stealth", "--strict"],
}
BASH = """
source "$0"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_sdmeta
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = """
source $argv[1]
complete -C "$argv[2..]" | string replace -r '\\t.*' ''
"""
# _describe and _files are zsh's; the former is told the name of an array.
ZSH = """
functions[_sdmeta]=$(<$0)
words=("$@") CURRENT=$# PREFIX=$argv[-1]
_describe() {
  for offered in ${(P)@[-1]}; do
    [[ $offered == $PREFIX* ]] && print -r -- ${offered%%:*}
  done
}
_files() { print files }
_sdmeta
"""
SHELLS = {
    "bash": ["bash", "--norc", "-c", BASH],
    "fish": ["fish", "--no-config", "-c", FISH],
    "zsh": ["zsh", "-f", "-c", ZSH],
}


def offered(shell, *words):
    program = os.path.dirname(BINARY)
    done = subprocess.run(
        [*SHELLS[shell], SCRIPTS / f"completion.{shell}", *words],
        capture_output=True, text=True, cwd="/",
        env=os.environ | {"PATH": f"{program}:{os.environ['PATH']}"})
    if done.stderr:
        raise AssertionError(done.stderr)
    return sorted(done.stdout.split())


class Completion(unittest.TestCase):
    def test_commands_and_options_are_offered(self):
        for shell in SHELLS:
            for words, expected in LINES.items():
                with self.subTest(shell=shell, words=words):
                    self.assertEqual(offered(shell, *words), expected)

    def test_elsewhere_files_are_offered(self):
        self.assertEqual(offered("bash", "sdmeta", "extract", "us"), [])  # -o default
        self.assertEqual(offered("fish", "sdmeta", "extract", "us"), ["usr/"])
        self.assertEqual(offered("zsh", "sdmeta", "extract", "us"), ["files"])


if __name__ == "__main__":
    unittest.main()
