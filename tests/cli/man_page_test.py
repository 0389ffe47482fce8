"""The man page lists each command and option as --help does, and is well formed."""
import os
import pathlib
import re
import subprocess
import unittest

from program import BINARY

PAGE = pathlib.Path(os.environ["SDMETA_SOURCE"]) / "docs" / "sdmeta.1"
BEGIN, END = '.\\" --help\n', '.\\" /--help\n'
OPTION = re.compile(
    r"^  ((?:-.,)?--[a-z-]+(?:,--[a-z-]+)?)(?: ([A-Z/]+))?(?:=-)?(?: REQUIRED)? +(\S.*)$", re.M)


def help_of(*command):
    return subprocess.run([BINARY, *command, "--help"], capture_output=True,
                          text=True, check=True).stdout


def prose(text):
    text = re.sub(r", here \d+", "", text)  # cores of this machine
    return re.sub(r"(?<!\w)--?[a-z]+", lambda dash: dash[0].replace("-", r"\-"), text)


def options_as_roff():
    lines = []
    commands = help_of().partition("Subcommands:\n")[2]
    for command in re.findall(r"^  ([a-z]+) ", commands, re.M):
        text = help_of(command)
        arguments = re.search(r"^Usage: sdmeta [a-z]+ (.*)$", text, re.M)[1]
        lines += [f'.SS "sdmeta {command} {arguments}"', text.splitlines()[0]]
        for names, value, about in OPTION.findall(text):
            if names == "--help":
                continue
            names = names.replace("-", r"\-").replace(",", ", ")
            lines += [".TP", rf"\fB{names}\fR" + (rf" \fI{value}\fR" if value else ""),
                      prose(about) + "."]
    return "\n".join(lines) + "\n"


class ManPage(unittest.TestCase):
    def test_it_has_the_commands_and_options_of_help(self):
        page = PAGE.read_text()
        head, rest = page.split(BEGIN)
        options, tail = rest.split(END)
        expected = options_as_roff()
        self.assertGreater(expected.count(".TP"), 35)
        if os.environ.get("SDMETA_UPDATE_GOLDENS"):
            PAGE.write_text(head + BEGIN + expected + END + tail)
            return
        self.assertEqual(options, expected, "SDMETA_UPDATE_GOLDENS=1 writes it anew")

    def test_groff_has_no_complaint_and_keeps_every_option(self):
        done = subprocess.run(["groff", "-man", "-ww", "-Tascii", "-P-c", PAGE],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        shown = re.sub(r".\x08", "", done.stdout)
        for option in ("-o, --output FILE", "--keep-secrets", "-0, --null", "--for READER"):
            self.assertIn(option, shown)


if __name__ == "__main__":
    unittest.main()
