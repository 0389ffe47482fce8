#!/usr/bin/env python3
"""Makes the fuzzers' seeds from the fixtures and from other people's writers.

    python3 tests/fuzz/make_seeds.py FOLDER

Writes FOLDER/fuzz_x/* for each target. Needs only the standard library; what
Pillow, ffmpeg, avifenc, heif-enc, cjxl and exiftool add is left out where they
are missing.
"""
import base64
import bz2
import gzip
import io
import lzma
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROMPT = "a paper lantern\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, Seed: 7"
GRAPH = '{"3":{"class_type":"KSampler","inputs":{"seed":7,"steps":20}}}'
XMP = ('<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org'
       '/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
       'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com'
       '/xap/1.0/" xmp:CreatorTool="a &amp; b"><dc:description><rdf:Alt><rdf:li '
       'xml:lang="x-default">a lantern</rdf:li></rdf:Alt></dc:description>'
       '</rdf:Description></rdf:RDF></x:xmpmeta>')

# Line ends, quotes, broken rows and key forms that real CSV files have.
CSV_TEXTS = [
    "id,image_url,tag_ids\n1,aa-bb,\"{1,2}\"\n2,,\n",
    "\ufeffid,image_id\r\n1,\"a \"\"b\"\"\r\nc\"\r\n\r\n2,3",
    'id,x\n1,"open\n2,three\n', 'a"b,c\n"d"e,f\n,,\n"",""\n', "\n\n,\r\r\n\0,a",
]

# Places of fuzz_json_payload, by the number of kPlaces that chooses them.
PAYLOAD_PLACES = {
    name: number for number, name in enumerate([
        "parameters", "prompt", "workflow", "Comment", "Description", "Software",
        "Source", "Title", "invokeai_metadata", "invokeai_graph", "sd-metadata",
        "Dream", "generation_data", "parameters-json", "smproj", "fooocus_scheme",
        "use_stable_diffusion_model", "use_lora_model", "lora_alpha",
        "negative_prompt", "seed", "num_inference_steps", "extraMetadata",
        "UserComment"])}

# Which targets take a file, by its suffix.
BY_SUFFIX = {
    ".png": ["png", "stealth", "verify"], ".jpg": ["jpeg", "verify"],
    ".jpeg": ["jpeg", "verify"], ".webp": ["webp", "stealth", "verify"],
    ".gif": ["gif"], ".tiff": ["tiff"], ".bmp": ["tiff"], ".avif": ["bmff"], ".heic": ["bmff"],
    ".mp4": ["bmff"], ".mov": ["bmff"], ".jxl": ["jxl"], ".mkv": ["matroska"],
    ".webm": ["matroska"], ".exif": ["exif"], ".xmp": ["xmp"], ".txt": ["text"],
}


def run(*command):
    if shutil.which(command[0]) is None:
        return
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def exif_block(order, comment):
    """An Exif block with ImageDescription in IFD0 and UserComment in its place."""
    entry = order + "HHI"
    description = PROMPT.encode() + b"\0"
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    after_ifd0 = 8 + 2 + 2 * 12 + 4
    exif_ifd = after_ifd0 + len(description)
    values = exif_ifd + 2 + 12 + 4
    return (head + struct.pack(order + "H", 2)
            + struct.pack(entry + "I", 0x010E, 2, len(description), after_ifd0)
            + struct.pack(entry + "I", 0x8769, 4, 1, exif_ifd)
            + struct.pack(order + "I", 0) + description
            + struct.pack(order + "H", 1)
            + struct.pack(entry + "I", 0x9286, 7, len(comment), values)
            + struct.pack(order + "I", 0) + comment)


def texts():
    yield PROMPT.encode()
    yield "größe 灯台 🙂".encode()
    yield "größe".encode("latin-1")
    for prefix in (b"UNICODE\0", b"ASCII\0\0\0", b"JIS\0\0\0\0\0", bytes(8), b""):
        for encoding in ("utf-8", "utf-16-be", "utf-16-le", "utf-16"):
            yield prefix + "灯台 a lantern\nSteps: 20".encode(encoding)


def iptc_blocks():
    """IPTC datasets, and the same as Photoshop keeps them."""
    caption = PROMPT.encode()
    datasets = b"".join(
        b"\x1c\x02" + bytes([dataset]) + struct.pack(">H", len(text)) + text
        for dataset, text in ((5, b"a title"), (25, b"lantern"), (120, caption)))
    datasets += b"\x1c\x02\x78\x80\x04" + struct.pack(">I", len(caption)) + caption
    yield datasets
    resource = (b"8BIM\x04\x04\0\0" + struct.pack(">I", len(datasets)) + datasets
                + b"\0" * (len(datasets) & 1))
    yield b"8BIM\x03\xed\0\0\0\0\0\x02ab" + resource
    yield b"Photoshop 3.0\0" + resource


def stealth_inputs():
    for mode in range(16):
        text = PROMPT.encode()
        payload = gzip.compress(text) if mode & 1 else text
        for height in (159, 60):
            yield (bytes([mode, 40, height]) + struct.pack(">I", len(payload) * 8)
                   + payload)


def fields_of(path):
    """The key and text of each field of a .fields file, escapes left alone."""
    pieces = re.split(r"^--- (.*)\n", path.read_text(), flags=re.M)[1:]
    for head, text in zip(pieces[::2], pieces[1::2]):
        yield head.split()[1], text.removesuffix("\n").encode()


def tar_seeds():
    name = "folder/" * 30 + "long.png"
    for kind, number in {"v7": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT,
                         "pax": tarfile.PAX_FORMAT}.items():
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=number) as tar:
            for member in ("a.png", name, "größe.jpg"):
                if kind == "v7" and len(member) > 100:
                    continue
                info = tarfile.TarInfo(member)
                info.size = 600
                tar.addfile(info, io.BytesIO(bytes(600)))
            link = tarfile.TarInfo("link.png")
            link.type, link.linkname = tarfile.SYMTYPE, "a.png"
            tar.addfile(link)
        yield kind, out.getvalue()


def zip_seeds():
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", kind) as archive:
            archive.writestr("a.png", bytes(600))
            with archive.open("größe.png", "w", force_zip64=True) as member:
                member.write(PROMPT.encode())
            archive.comment = b"a comment"
        yield f"zip{kind}", out.getvalue()
    for name, tar in tar_seeds():
        yield f"tar-{name}", tar
        yield f"tar-{name}-gz", gzip.compress(tar, mtime=0)
        yield f"tar-{name}-bz2", bz2.compress(tar)
        yield f"tar-{name}-xz", lzma.compress(tar, preset=0)


def made_by_tools(folder):
    try:
        from PIL import Image
    except ImportError:
        return
    image = Image.linear_gradient("L").resize((16, 16)).convert("RGB")
    picture = folder / "picture.png"
    image.save(picture)
    for suffix in ("jpg", "webp", "gif", "tiff", "bmp"):
        image.save(folder / f"picture.{suffix}")
    image.save(folder / "progressive.jpg", progressive=True)
    image.save(folder / "lossless.webp", lossless=True)
    image.save(folder / "animated.webp", save_all=True, append_images=[image.rotate(90)])
    exif, xmp = folder / "block.exif", folder / "packet.xmp"
    exif.write_bytes(exif_block(">", b"ASCII\0\0\0" + PROMPT.encode()))
    xmp.write_text(XMP)
    run("avifenc", "-s", "10", "--exif", str(exif), "--xmp", str(xmp), str(picture),
        str(folder / "picture.avif"))
    run("heif-enc", str(picture), "-o", str(folder / "picture.heic"))
    run("exiftool", "-q", "-overwrite_original", f"-UserComment={PROMPT}",
        f"-xmp:Description={PROMPT}", str(folder / "picture.heic"))
    run("exiftool", "-q", "-overwrite_original", f"-UserComment={PROMPT}",
        f"-xmp:Description={PROMPT}", str(folder / "progressive.jpg"))
    run("cjxl", str(folder / "progressive.jpg"), str(folder / "picture.jxl"),
        "--container=1")
    run("cjxl", str(picture), str(folder / "bare.jxl"), "--container=0")
    for name, options in {
            "tags.mp4": ["-movflags", "use_metadata_tags"], "plain.mp4": [],
            "first.mp4": ["-movflags", "faststart+use_metadata_tags"],
            "tags.mov": ["-movflags", "use_metadata_tags"], "plain.mov": [],
            "tags.webm": [], "tags.mkv": []}.items():
        run("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=s=16x16:d=0.1:r=10",
            "-metadata", f"prompt={GRAPH}", "-metadata", f"comment={PROMPT}", *options,
            str(folder / name))


def main():
    target = pathlib.Path(sys.argv[1])

    def put(fuzzer, name, data):
        path = target / f"fuzz_{fuzzer}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def put_file(path):
        data = path.read_bytes()
        if len(data) > 60000:
            return
        for fuzzer in BY_SUFFIX.get(path.suffix, []) + ["extract"]:
            put(fuzzer, path.name, data)
        if len(data) < 2000:
            put("extract", path.name + ".base64",
                b"data:image/x;base64," + base64.b64encode(data))

    def put_fields(name, fields):
        put("json_payload", name,
            b"\xff".join(bytes([PAYLOAD_PLACES.get(key, 23)]) + text
                         for key, text in fields))
        for number, (key, text) in enumerate(fields):
            # The first byte of a graph chooses how the rest is taken: a brace
            # happens to mean "as it stands".
            is_graph = key in ("prompt", "workflow") and text[:1] == b"{"
            put("comfy_graph" if is_graph else "infotext", f"{name}-{number}", text)

    for path in sorted((ROOT / "fixtures" / "images").iterdir()):
        put_file(path)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        made_by_tools(folder)
        for path in sorted(folder.iterdir()):
            put_file(path)
    for number, order in enumerate("<>"):
        for kind, prefix in enumerate((b"ASCII\0\0\0", b"UNICODE\0", b"")):
            block = exif_block(order, prefix + PROMPT.encode("utf-16-be"))
            put("exif", f"block{number}{kind}", block)
            put("tiff", f"block{number}{kind}", block)
    for number, block in enumerate(iptc_blocks()):
        put("iptc", f"block{number}", block)
    for number, text in enumerate(texts()):
        put("text", f"text{number:02}", text)
    for number, data in enumerate(stealth_inputs()):
        put("stealth", f"made{number:02}", data)
    for name, data in tar_seeds():
        put("tar", name, data)
    for name, data in zip_seeds():
        put("zip", name, data)
    for number, text in enumerate(CSV_TEXTS):
        for first in (0, 3, 41):
            put("csv", f"csv{number}-{first}", bytes([first]) + text.encode())
    for path in sorted((ROOT / "fixtures").glob("*/*.fields")):
        put_fields(f"{path.parent.name}-{path.stem}", list(fields_of(path)))
    for encoding in ("utf-8", "utf-16", "utf-32"):
        put("xmp", f"packet-{encoding}", XMP.encode(encoding))


if __name__ == "__main__":
    main()
