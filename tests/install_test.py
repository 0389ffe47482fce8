"""Installs the project, and uses it as other projects do: with the examples of
docs/library.md, from CMake and pkg-config, and with strict compilers."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SDMETA_SOURCE"])
BUILD = pathlib.Path(os.environ["SDMETA_BUILD"])
SANITIZE = os.environ.get("SDMETA_CXX_FLAGS", "")
CXX = os.environ.get("CXX", "c++")
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion",
          "-Wshadow", "-Wold-style-cast", "-Werror"]
IMAGES = sorted(str(path) for path in (SOURCE / "fixtures" / "images").iterdir())


def run(*command, stdin=b"", **environment):
    done = subprocess.run(list(map(str, command)), input=stdin, capture_output=True,
                          env=os.environ | environment)
    if done.returncode != 0:
        raise AssertionError((done.stdout + done.stderr).decode())
    return done.stdout.decode()


def write_examples(folder):
    """The blocks of docs/library.md: a CMakeLists.txt and its programs."""
    page = (SOURCE / "docs" / "library.md").read_text()
    [cmake] = re.findall(r"```cmake\n(.*?)```", page, re.S)
    (folder / "CMakeLists.txt").write_text(cmake)
    for name, text in re.findall(r"```cpp\n(?=// ([a-z]+\.cc):)(.*?)```", page, re.S):
        (folder / name).write_text(text)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(cls.folder.name)
        cls.prefix, cls.example = root / "prefix", root / "example"
        cls.include = cls.prefix / "include"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.example.mkdir()
        write_examples(cls.example)
        cls.build = root / "build"
        # A project may have folders that are named like ours.
        for name in ("extractor/error.h", "parsers/generation.h", "pipeline/record.h"):
            own = root / "own" / name
            own.parent.mkdir(parents=True, exist_ok=True)
            own.write_text("#error this is another project's header\n")
        run("cmake", "-G", "Ninja", "-S", cls.example, "-B", cls.build,
            f"-DCMAKE_PREFIX_PATH={cls.prefix}", "-DCMAKE_BUILD_TYPE=Debug",
            f"-DCMAKE_CXX_FLAGS={SANITIZE} -I{root / 'own'}")
        run("cmake", "--build", cls.build)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_the_example_for_files_prints_prompts(self):
        out = run(self.build / "prompts", SOURCE / "fixtures" / "images" / "png-text.png")
        self.assertEqual(out, "a heron in a reed bed, <lora:inkwash:0.7>\n")

    def test_the_example_for_many_files_writes_what_the_program_writes(self):
        out = run(self.build / "lines", *IMAGES)
        self.assertEqual(out, run(self.prefix / "bin" / "sdmeta", "extract", "-q", *IMAGES))
        self.assertEqual(out.count("\n"), len(IMAGES))

    def test_the_example_for_bytes_and_texts_describes_them(self):
        def describe(data):
            return run(self.build / "describe", stdin=data).splitlines()
        images = SOURCE / "fixtures" / "images"
        self.assertEqual(describe((images / "png-text.png").read_bytes()),
                         ["status ok", "software a1111", "lora inkwash 0.7"])
        cut = describe((images / "jpeg-cut-in-exif.jpg").read_bytes())
        self.assertEqual(cut[0], "status ok")
        self.assertRegex(cut[1], "^warning truncated: ")
        head = describe((images / "png-text.png").read_bytes()[:40])
        self.assertEqual(head[0], "status truncated")
        self.assertRegex(head[1], "^error truncated: ")
        self.assertEqual(describe(b"a heron\nSteps: 20, Sampler: Euler a, Seed: 7"),
                         ["status ok", "software a1111"])
        graph = (b'{"1": {"class_type": "KSampler", "inputs": {"seed": 7, "steps": 20, '
                 b'"positive": ["2", 0]}}, "2": {"class_type": "CLIPTextEncode", '
                 b'"inputs": {"text": "a heron"}}}')
        self.assertEqual(describe(graph)[:2], ["status ok", "software comfyui"])

    def test_each_header_stands_alone_without_warnings_exceptions_and_rtti(self):
        headers = sorted(path.relative_to(self.include).as_posix()
                         for path in self.include.rglob("*.h"))
        self.assertIn("sdmeta/pipeline/read.h", headers)
        page = (SOURCE / "docs" / "library.md").read_text()
        for header in headers:
            source = self.example / "alone.cc"
            source.write_text(f"#include <{header}>\n")
            run(CXX, "-std=c++20", "-fsyntax-only", *STRICT, "-fno-exceptions",
                "-fno-rtti", "-I", self.include, source)
            self.assertIn(header.split("/")[-1], page)
            text = (self.include / header).read_text()
            self.assertNotRegex(text, r"#\s*define|using namespace", header)
            for name in re.findall(r'#include (["<].*)[">]', text):
                self.assertRegex(name, r"^<(sdmeta/[a-z_/]+\.h|[a-z_]+)$", header)

    def test_pkg_config_tells_how_to_build(self):
        [file] = self.prefix.rglob("sdmeta.pc")
        flags = run("pkg-config", "--cflags", "--libs", "sdmeta",
                    PKG_CONFIG_PATH=str(file.parent)).split()
        program = self.example / "by-pkg-config"
        run(CXX, "-std=c++20", *SANITIZE.split(), self.example / "prompts.cc", *flags,
            "-o", program)
        self.assertIn("a heron", run(program, *IMAGES))

    def test_a_minor_version_before_1_0_is_taken_for_itself_only(self):
        [file] = self.prefix.rglob("sdmeta-config-version.cmake")
        version = run(self.prefix / "bin" / "sdmeta", "version").split()[1]
        major, minor, _ = version.split(".")
        def finds(wanted):
            script = self.example / "find.cmake"
            script.write_text(
                f"set(PACKAGE_FIND_VERSION {wanted}.0)\n"
                f"set(PACKAGE_FIND_VERSION_MAJOR {wanted.split('.')[0]})\n"
                f"set(PACKAGE_FIND_VERSION_MINOR {wanted.split('.')[1]})\n"
                "set(CMAKE_SIZEOF_VOID_P 8)\n"
                f"include({file})\n"
                "message(${PACKAGE_VERSION_COMPATIBLE})\n")
            done = subprocess.run(["cmake", "-P", script], capture_output=True, text=True)
            return done.stderr.strip() == "TRUE"
        self.assertTrue(finds(f"{major}.{minor}"))
        self.assertFalse(finds(f"{major}.{int(minor) - 1}"))

    def test_a_project_that_adds_this_one_gets_its_target_and_installs_its_own(self):
        outer = pathlib.Path(self.folder.name) / "outer"
        outer.mkdir()
        (outer / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(outer LANGUAGES CXX)\n"
            f"add_subdirectory({SOURCE} sdmeta)\n"
            f"add_executable(prompts {self.example}/prompts.cc)\n"
            "target_link_libraries(prompts PRIVATE sdmeta::pipeline)\n")
        build = outer / "build"
        run("cmake", "-G", "Ninja", "-S", outer, "-B", build,
            "-DCMAKE_CXX_FLAGS=" + " ".join(STRICT))
        objects = run("ninja", "-C", build, "-t", "targets", "all")
        compiled = re.search(r"^(\S*prompts\.cc\.o): CXX", objects, re.M)[1]
        run("cmake", "--build", build, "--target", compiled)
        self.assertRegex(objects, r"(?m)^sdmeta/sdmeta: CXX_EXECUTABLE")  # not outer's
        for script in build.rglob("cmake_install.cmake"):
            self.assertNotIn("libsdmeta", script.read_text())

    def test_man_page_and_completions_are_where_they_are_looked_for(self):
        for place in ("man/man1/sdmeta.1", "bash-completion/completions/sdmeta",
                      "fish/vendor_completions.d/sdmeta.fish",
                      "zsh/site-functions/_sdmeta"):
            self.assertTrue((self.prefix / "share" / place).exists(), place)


if __name__ == "__main__":
    unittest.main()
