#!/usr/bin/env python3
"""Reads the files of make_hostile.py and tells peak memory and the slowest file.

    python3 tests/hostile/measure.py SDMETA FOLDER

Each set is read whole by 1, 2 and 8 threads, plain, with --raw, and with pixels
decoded; then each file by itself. Exit 1 where a run passes 256 MB, leaves out a
record, or differs from the others; or where a file takes more than 2 s.
"""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

MAX_BYTES = 256_000_000
MAX_SECONDS = 2.0
OPTIONS = {"": [], "--raw": ["--raw"], "pixels": ["--verify", "--stealth", "always"]}


def run(program, output, *arguments):
    """Seconds and peak bytes of a run."""
    start = time.monotonic()
    process = subprocess.Popen([program, "extract", "-q", "-o", output, *arguments])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status != 0:
        raise SystemExit(f"exit status {status}: {arguments}")
    return time.monotonic() - start, usage.ru_maxrss * 1024


def digest(path):
    sha = hashlib.sha256()
    lines = 0
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
            lines += block.count(b"\n")
    return sha.hexdigest(), lines


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        output = str(pathlib.Path(scratch) / "out.jsonl")
        for inputs in sorted(path for path in folder.iterdir() if path.is_dir()):
            for name, options in OPTIONS.items():
                outputs = set()
                for threads in (1, 2, 8):
                    seconds, peak = run(program, output, "-j", str(threads), *options,
                                        str(inputs))
                    sha, lines = digest(output)
                    outputs.add(sha)
                    is_bad = peak > MAX_BYTES
                    failed |= is_bad
                    print(f"{inputs.name:9} {name:7} -j{threads}: {peak / 1e6:6.0f} MB "
                          f"{seconds:6.1f} s {lines:6} records{' !' * is_bad}", flush=True)
                if len(outputs) > 1:
                    failed = True
                    print(f"{inputs.name} {name}: outputs differ !")
        for path in sorted((folder / "files").iterdir()):
            for name, options in OPTIONS.items():
                seconds, peak = run(program, output, "-j", "1", *options, str(path))
                is_bad = seconds > MAX_SECONDS or peak > MAX_BYTES
                failed |= is_bad
                if is_bad or seconds > MAX_SECONDS / 2:
                    print(f"{path.name} {name}: {peak / 1e6:.0f} MB {seconds:.2f} s"
                          f"{' !' * is_bad}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
