#!/usr/bin/env python3
"""Makes files that are built to hurt: to fill the memory, or to take for ever.

    python3 tests/hostile/make_hostile.py FOLDER [COUNT]

COUNT members or files of each kind (20). Always the same bytes. Most of it is
large only when it is unpacked; the whole takes 700 MB. tests/hostile/measure.py
reads it under a watch.
"""
import bz2
import gzip
import io
import itertools
import lzma
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

MIB = 1 << 20
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


def header(width, height, colour=6, depth=8):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png(*chunks, width=8, height=8):
    pixels = zlib.compress(bytes((1 + 4 * width) * height))
    return (SIGNATURE + header(width, height) + b"".join(chunks)
            + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def deflated(unit, length):
    """zlib stream of `length` bytes of repeated `unit`, without holding them."""
    packer = zlib.compressobj(9)
    block = unit * (MIB // len(unit))
    out = b"".join(packer.compress(block) for _ in range(length // len(block)))
    return out + packer.flush()


def bomb(keyword, unit, length):
    return png(chunk(b"zTXt", keyword + b"\0\0" + deflated(unit, length)))


def deep_json(depth):
    return b'{"a":' * depth + b"1" + b"}" * depth


# Texts that cost most where they are parsed, for each byte.
UNITS = {
    "zeros": b"\0", "blanks": b" ", "control": b"\x01", "quotes": b'"',
    "commas": b"1,", "brackets": b"[", "latin": b"\xe9", "lines": b"a\n",
    "steps": b"Steps: 1, ", "loras": b"<lora:a:1>", "numbers": b"[1,2],",
    "braces": b'{"a":', "cjk": "灯".encode(),
}


def jpeg_with(segments):
    return b"\xff\xd8" + b"".join(
        b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data
        for marker, data in segments) + b"\xff\xd9"


def riff(*chunks):
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)
        for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def huge_png(width, height):
    row = 1 + 4 * width
    return (SIGNATURE + header(width, height)
            + chunk(b"IDAT", deflated(b"\0", row * height // MIB * MIB + MIB))
            + chunk(b"IEND", b""))


def stealth_bomb(width=2048, height=2048):
    """An image whose alpha bits hold a gzip bomb, by columns."""
    payload = gzip.compress(bytes(48 * MIB), mtime=0)
    bits = "".join(f"{byte:08b}" for byte in
                   b"stealth_pngcomp" + struct.pack(">I", len(payload) * 8) + payload)
    rows = [bytearray(b"\0" + b"\0\0\0\xfe" * width) for _ in range(height)]
    for index, bit in enumerate(bits):
        if bit == "1":
            rows[index % height][1 + 4 * (index // height) + 3] = 0xFF
    return (SIGNATURE + header(width, height)
            + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b""))


def tiff_loop():
    entries = [struct.pack("<HHII", 0x8769, 4, 1, 8)] * 200
    return (b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries)
            + struct.pack("<I", 8))


def tiff_shared():
    """Every tag shows the same megabyte."""
    tags = [0x10D, 0x10E, 0x10F, 0x110, 0x131, 0x13B, 0x8298, 0x9286, 0x927C] * 400
    at = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHII", tag, 2, MIB, at) for tag in tags)
    return (b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries
            + struct.pack("<I", 0) + b"q" * MIB)


def long_names(length, count):
    """Every property is in an element whose name is that long."""
    name = b"q:" + b"n" * length
    return (b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
            b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description><' + name + b">"
            + b"<q:a>x</q:a>" * count + b"</" + name
            + b"></rdf:Description></rdf:RDF></x:xmpmeta>")


def lost_text(length, text=b"Steps: 20"):
    """Exif whose one tag is like the beginning of a text that no tag shows."""
    entry = struct.pack("<HHII", 0x10E, 2, length, 26)
    return (b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
            + b"a" * (length - 1) + b"\0" + b"a" * (length // 2) + text + b"\0")


def ebml(element_id, data, size=None):
    size = len(data) | 1 << 56 if size is None else size
    return element_id + struct.pack(">Q", size) + data


def endless_tags(depth, length):
    """Tags in tags, all of unknown size."""
    unknown = (1 << 57) - 1
    tags = ebml(b"\x44\x87", b"a" * length)
    for _ in range(depth):
        tags = ebml(b"\x67\xc8", tags, unknown)
    return (ebml(b"\x1a\x45\xdf\xa3", ebml(b"\x42\x82", b"matroska"))
            + ebml(b"\x18\x53\x80\x67", ebml(b"\x12\x54\xc3\x67", ebml(b"\x73\x73", tags))))


def small_files():
    """Those that take little to make."""
    yield "deep.png", png(chunk(b"tEXt", b"prompt\0" + deep_json(200_000)))
    yield "segments.jpg", jpeg_with([(0xE1, b"Exif\0\0II*\0" + bytes(20))] * 100_000)
    yield "loop.tiff", tiff_loop()
    yield "names.png", png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(
        long_names(MIB, 20_000))))
    many = [chunk(b"tEXt", b"k\0v")] * 4096
    yield "full.png", png(*many, *[chunk(b"zTXt", b"parameters\0\0" + deflated(
        b"x", 16 * MIB))] * 100)
    yield "loose.png", png(chunk(b"eXIf", lost_text(3 * MIB)))
    yield "loose-texts.png", png(
        chunk(b"tEXt", b"k\0" + b"S" * (15 * MIB)),
        *(chunk(b"eXIf", lost_text(8, b"Steps: %07d" % number)) for number in range(2000)))
    yield "tags.mkv", endless_tags(20, MIB)
    yield "shared.tiff", tiff_shared()


def files(rng):
    graph = b'{"3":{"class_type":"KSampler","inputs":{"seed":7,"steps":20}}}'
    for name, unit in UNITS.items():
        for keyword in (b"parameters", b"prompt", b"workflow", b"Comment"):
            yield f"bomb-{name}-{keyword.decode()}.png", bomb(keyword, unit, 64 * MIB)
    yield "bomb-over.png", bomb(b"parameters", b"x", 1024 * MIB)
    yield "bombs.png", png(*(chunk(b"zTXt", b"parameters\0\0" + deflated(b"x", 8 * MIB))
                             for _ in range(400)))
    yield "two-bombs.png", png(*(chunk(b"zTXt", key + b"\0\0" + deflated(b"1,", 60 * MIB))
                                 for key in (b"prompt", b"workflow")))
    yield "xmp-bomb.png", png(chunk(
        b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + deflated(b"<a b='&amp;'>", 64 * MIB)))
    yield "profile-bomb.png", png(chunk(
        b"zTXt", b"Raw profile type exif\0\0" + deflated(b"4d", 64 * MIB)))
    yield "many-chunks.png", (SIGNATURE + header(8, 8) + chunk(b"tEXt", b"a\0b") * 1_000_000
                              + chunk(b"IEND", b""))
    yield "empty-chunks.png", SIGNATURE + header(8, 8) + chunk(b"tEXt", b"") * 2_000_000
    yield "idat-chunks.png", SIGNATURE + header(8, 8) + chunk(b"IDAT", b"") * 2_000_000
    yield "nodes.png", png(chunk(b"zTXt", b"prompt\0\0" + zlib.compress(
        b"{" + b",".join(b'"%d":{"class_type":"KSampler","inputs":{"model":["%d",0],'
                         b'"positive":["%d",0]}}' % (i, i + 1, (i * 7) % 60000)
                         for i in range(60000)) + b"}")))
    yield "text-64.png", png(chunk(b"tEXt", b"parameters\0" + b"a, " * (64 * MIB // 3)))
    yield "latin-64.png", png(chunk(b"tEXt", b"parameters\0" + b"\xe9" * (64 * MIB)))
    yield "random-64.png", png(chunk(b"tEXt", b"parameters\0" + rng.randbytes(64 * MIB)))
    yield "graph.png", png(chunk(b"tEXt", b"prompt\0" + graph))
    yield "wide.png", huge_png(1_000_000, 100)
    yield "huge.png", huge_png(16384, 16384)
    yield "large.png", huge_png(11585, 11585)
    yield "tall.png", huge_png(4, 4_000_000)
    yield "beyond.png", SIGNATURE + header(0x7FFFFFFF, 0x7FFFFFFF) + chunk(
        b"IDAT", deflated(b"\0", 8 * MIB)) + chunk(b"IEND", b"")
    yield "stealth-bomb.png", stealth_bomb()
    yield "comments.jpg", jpeg_with([(0xFE, b"c" * 65533)] * 1000)
    yield "extended-xmp.jpg", jpeg_with(
        [(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"%032d" % part
          + struct.pack(">II", 0xFFFFFFF0, part * 60000) + b"x" * 60000)
         for part in range(1000)])
    yield "garbage.jpg", b"\xff\xd8" + bytes(8 * MIB)
    yield "fill.jpg", b"\xff\xd8" + b"\xff" * (8 * MIB)
    yield "chunks.webp", riff(*[(b"EXIF", b"")] * 1_000_000)
    yield "exif-64.webp", riff((b"EXIF", tiff_shared()), *[(b"XMP ", b"<a>" * MIB)] * 8)
    yield "comment.gif", (b"GIF89a\1\0\1\0\0\0\0!\xfe" + (b"\xff" + b"c" * 255) * 300_000
                          + b"\0;")
    yield "boxes.mp4", (struct.pack(">I4s", 16, b"ftyp") + b"isom\0\0\0\0"
                        + struct.pack(">I4s", 8, b"free") * 2_000_000)
    yield "sparse.png", None
    yield "sparse.mp4", None


def zip_bombs(count, length):
    """A zip whose deflated members are `length` bytes each, one data for all."""
    out = io.BytesIO()
    text = png(chunk(b"tEXt", b"parameters\0" + b"a, " * (length // 3)))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(count):
            archive.writestr(zipfile.ZipInfo(f"{number:05}.png"), text,
                             zipfile.ZIP_DEFLATED, 1)
    return out.getvalue()


def tar_of(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def packed_tar(path, count, length, command):
    """A compressed tar of `count` members of `length` bytes, streamed."""
    text = png(chunk(b"tEXt", b"parameters\0" + b"a, " * (length // 3)))
    with path.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out)
        with tarfile.open(fileobj=process.stdin, mode="w|") as tar:
            for number in range(count):
                info = tarfile.TarInfo(f"{number:05}.png")
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text))
        process.stdin.close()
        process.wait()


def main():
    folder = pathlib.Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(1)
    images = folder / "files"
    images.mkdir(exist_ok=True)
    for name, data in itertools.chain(small_files(), files(rng)):
        with (images / name).open("wb") as out:
            if data is None:
                out.write(SIGNATURE + header(8, 8) if name.endswith("png") else b"")
                out.truncate(64 << 30)
            else:
                out.write(data)

    many = folder / "many"
    many.mkdir(exist_ok=True)
    for name, unit in UNITS.items():
        data = bomb(b"parameters", unit, 64 * MIB)
        for number in range(count):
            (many / f"{name}-{number:03}.png").write_bytes(data)
    medium = bomb(b"parameters", b"a, b\n", 1 * MIB)
    for number in range(4 * count):
        (many / f"medium-{number:04}.png").write_bytes(medium)

    archives = folder / "archives"
    archives.mkdir(exist_ok=True)
    (archives / "deflated.zip").write_bytes(zip_bombs(count, 60 * MIB))
    (archives / "plain.tar").write_bytes(tar_of(
        (f"{number:05}.png", bomb(b"parameters", b"a, ", 60 * MIB))
        for number in range(count)))
    inner = zip_bombs(4, 60 * MIB)
    (archives / "nested.tar").write_bytes(tar_of(
        (f"{number:03}.zip", inner) for number in range(count // 4)))
    (archives / "nested.tar.gz").write_bytes(gzip.compress(tar_of(
        (f"{number:03}.zip", inner) for number in range(count // 4)), 1, mtime=0))
    packed_tar(archives / "bomb.tar.gz", count, 60 * MIB, ["gzip", "-1"])
    packed_tar(archives / "window.tar.zst", count, 60 * MIB,
               ["zstd", "-q", "--ultra", "-1", "--long=31", "-c"])
    packed_tar(archives / "dictionary.tar.xz", max(1, count // 4), 60 * MIB,
               ["xz", "-c", "--lzma2=preset=0,dict=1GiB"])
    if shutil.which("7z"):
        member = archives / "member.png"
        member.write_bytes(png(chunk(b"tEXt", b"parameters\0" + b"a, " * (20 * MIB))))
        subprocess.run(["7z", "a", "-bso0", "-mx=1", "-m0=lzma2:d=1g",
                        str(archives / "dictionary.7z"), str(member)], check=True)
        member.unlink()


if __name__ == "__main__":
    main()
