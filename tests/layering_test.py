"""The arrows between the folders, and who may include, print and write what.

extractor's vocabulary <- parsers <- pipeline; extractor <- pipeline. A third
party's header stays in the files named here.
"""
import os
import pathlib
import re
import unittest

ROOT = pathlib.Path(os.environ["SDMETA_SOURCE"])
LAYERS = ("extractor", "parsers", "pipeline")
VOCABULARY = {"extractor/error.h", "extractor/raw_fields.h", "extractor/limits.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)

# Third-party header -> files (or a folder's .cc files) that may include it.
ALLOWED = {
    r"tbb/|oneapi/": {"pipeline/graph.cc", "pipeline/csv_rows_read.cc"},
    r"png\.h": {"extractor/png_rows.cc"},
    r"jpeglib\.h": {"extractor/jpeg_pixels.cc"},
    r"webp/": {"extractor/webp_pixels.cc"},
    r"exiv2/": set(),
    r"archive(_entry)?\.h": {"pipeline/foreign_reader.cc"},
    r"simdjson": {"parsers/json.h", "pipeline/record_parser.cc",
                  "pipeline/lossless_text.cc"},
    r"nlohmann/": {"pipeline/schema.cc", "pipeline/show.cc", "pipeline/stats.cc"},
    r"CLI/": {"pipeline/options.cc", "pipeline/usage_errors.cc"},
}
# `sdmeta version` names the libraries, and so these files see their headers.
VERSION_FILES = {"pipeline/version.cc", "extractor/libraries.cc"}


def sources():
    for layer in LAYERS:
        for path in sorted((ROOT / layer).iterdir()):
            if path.suffix in (".h", ".cc", ".inc"):
                yield path.relative_to(ROOT).as_posix(), path.read_text()


def without_comments_and_strings(text):
    text = re.sub(r'"(\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"//[^\n]*", "", text)


class Layering(unittest.TestCase):
    def test_arrows_point_one_way(self):
        may_use = {"extractor": {"extractor"},
                   "parsers": {"parsers"},
                   "pipeline": set(LAYERS)}
        for name, text in sources():
            layer = name.split("/")[0]
            for quote, target in INCLUDE.findall(text):
                if quote != '"':
                    continue
                folder = target.split("/")[0]
                self.assertNotIn("..", target, name)
                self.assertIn(folder, LAYERS, f"{name} includes {target}")
                if target in VOCABULARY:
                    continue
                self.assertIn(folder, may_use[layer], f"{name} includes {target}")

    def test_vocabulary_needs_only_the_standard_library(self):
        for name, text in sources():
            if name in VOCABULARY:
                for quote, target in INCLUDE.findall(text):
                    if quote == '"':
                        self.assertIn(target, VOCABULARY, name)
                    else:
                        self.assertRegex(target, r"^[a-z_]+$", name)

    def test_third_party_headers_stay_in_their_files(self):
        for name, text in sources():
            for _, target in INCLUDE.findall(text):
                for pattern, files in ALLOWED.items():
                    if re.match(pattern, target) and name not in VERSION_FILES:
                        self.assertIn(name, files, f"{name} includes {target}")

    def test_only_diagnostics_and_sink_talk(self):
        talk = re.compile(r"\bstd::c(out|err|log)\b|\bf?printf\(|\bputs\(|fmt::print")
        speakers = {"pipeline/diagnostics.cc", "pipeline/sink.cc", "pipeline/main.cc"}
        for name, text in sources():
            if name not in speakers:
                found = talk.search(without_comments_and_strings(text))
                self.assertIsNone(found, f"{name} prints: {found}")

    def test_per_file_code_uses_no_regex_no_streams_no_locale(self):
        banned = re.compile(r"^(regex|iostream|sstream|fstream|locale|iomanip)$")
        for name, text in sources():
            if name.startswith("pipeline/"):
                continue
            for _, target in INCLUDE.findall(text):
                self.assertIsNone(banned.match(target), f"{name} includes {target}")

    def test_headers_say_what_they_are_for(self):
        for name, text in sources():
            if name.endswith(".h"):
                self.assertTrue(text.startswith("//"), f"{name} has no purpose comment")
                self.assertIn("#pragma once", text, name)

    def test_no_parser_names_a_file_or_a_clock(self):
        banned = re.compile(r"\b(fopen|open|time|getenv|clock_gettime|ifstream)\s*\(")
        for name, text in sources():
            if name.startswith("parsers/"):
                found = banned.search(without_comments_and_strings(text))
                self.assertIsNone(found, f"{name}: {found}")


if __name__ == "__main__":
    unittest.main()
