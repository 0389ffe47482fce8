"""Files made by other people's programs: whatever they write, sdmeta reads.

Each test makes a file with one program that has never seen our code, and asks
for the text that was put in. Missing programs are skipped with their name.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SDMETA = os.environ.get("SDMETA_BINARY", "sdmeta")
INFOTEXT = ("a paper lantern, größe 灯台\nNegative prompt: fog\n"
            "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 64x48")
GRAPH = json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 7}}})
WORKFLOW = json.dumps({"nodes": [], "links": [], "version": 0.4})
XMP = ('<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
       '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
       'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
       '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
       'xmp:CreatorTool="Lantern &amp; Co"/></rdf:RDF></x:xmpmeta>'
       '<?xpacket end="w"?>')


MAGICK = next(filter(shutil.which, ("magick", "convert-im6.q16", "convert")), "magick")


def needs(*programs):
    """Skips a test where one of the programs is missing."""
    missing = [name for name in programs if shutil.which(name) is None]
    return unittest.skipIf(missing, "not installed: " + ", ".join(missing))


try:
    import PIL.Image
    import PIL.PngImagePlugin
    needs_pillow = unittest.skipIf(False, "")
except ImportError:
    needs_pillow = unittest.skip("not installed: Pillow")

try:
    import piexif
    import piexif.helper
    needs_piexif = unittest.skipIf(False, "")
except ImportError:
    needs_piexif = unittest.skip("not installed: piexif")


class WritersTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def path(self, name):
        return str(self.folder / name)

    def run_tool(self, *command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE)

    def record(self, name, *options):
        done = subprocess.run(
            [SDMETA, "extract", "--raw", *options, self.path(name)], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = done.stdout.decode().splitlines()
        self.assertEqual(len(lines), 1)
        return json.loads(lines[0])

    def expect_text(self, name, key, text, *, carrier=None, container=None):
        """The file is sound and one field with this key has exactly this text."""
        record = self.record(name)
        self.assertIsNone(record["error"], record["error"])
        fields = [field for field in record["raw"] if field["key"] == key
                  and carrier in (None, field["carrier"])]
        self.assertIn(text, [field["text"] for field in fields], record["raw"])
        if container:
            self.assertEqual(record["image"]["format"], container)
        self.assertEqual((record["image"]["width"], record["image"]["height"]),
                         (64, 48))
        return record

    def picture(self, name, **options):
        image = PIL.Image.linear_gradient("L").resize((64, 48)).convert("RGB")
        image.save(self.path(name), **options)
        return image

    def exif_comment(self):
        """As A1111 makes it for JPEG, WebP and AVIF."""
        return piexif.dump({"Exif": {piexif.ExifIFD.UserComment:
                                     piexif.helper.UserComment.dump(
                                         INFOTEXT, encoding="unicode")}})


@needs_pillow
class PillowTest(WritersTest):
    def test_png_text_chunks(self):
        info = PIL.PngImagePlugin.PngInfo()
        info.add_text("parameters", INFOTEXT)
        info.add_text("prompt", GRAPH)
        info.add_itxt("workflow", WORKFLOW, zip=True)
        info.add_text("packed", "a b c", zip=True)
        self.picture("a.png", pnginfo=info)
        self.expect_text("a.png", "parameters", INFOTEXT, carrier="png:iTXt")
        self.expect_text("a.png", "prompt", GRAPH, carrier="png:tEXt")
        self.expect_text("a.png", "workflow", WORKFLOW, carrier="png:iTXt")
        self.expect_text("a.png", "packed", "a b c", carrier="png:zTXt")

    @needs_piexif
    def test_exif_of_jpeg_webp_and_png(self):
        for name in ("a.jpg", "a.webp", "a.png"):
            self.picture(name, exif=self.exif_comment())
            self.expect_text(name, "UserComment", INFOTEXT)

    def test_exif_object_puts_the_comment_into_ifd0(self):
        exif = PIL.Image.Exif()
        exif[0x9286] = GRAPH
        exif[0x010E] = "Workflow: " + WORKFLOW
        for name in ("a.jpg", "a.webp"):
            self.picture(name, exif=exif)
            self.expect_text(name, "UserComment", GRAPH, carrier="exif:IFD0")
            self.expect_text(name, "ImageDescription", "Workflow: " + WORKFLOW)

    def test_xmp_of_webp(self):
        self.picture("a.webp", xmp=XMP.encode())
        self.expect_text("a.webp", "xmp:CreatorTool", "Lantern & Co")

    def test_jpeg_comment(self):
        self.picture("a.jpg", comment=INFOTEXT.encode())
        self.expect_text("a.jpg", "Comment", INFOTEXT, carrier="jpeg:COM")

    def test_gif_comment_longer_than_a_block(self):
        text = INFOTEXT + " " * 300 + "end"
        self.picture("a.gif", comment=text.encode())
        self.expect_text("a.gif", "Comment", text, carrier="gif:comment")

    def test_tiff_description(self):
        for compression in ("raw", "tiff_lzw"):
            self.picture("a.tiff", compression=compression,
                         description="lantern " + GRAPH)
            self.expect_text("a.tiff", "ImageDescription", "lantern " + GRAPH)

    def test_animated_webp_and_png_keep_their_text(self):
        first = self.picture("a.png")
        second = first.rotate(180)
        info = PIL.PngImagePlugin.PngInfo()
        info.add_text("prompt", GRAPH)
        first.save(self.path("a.png"), save_all=True, append_images=[second],
                   pnginfo=info)
        self.expect_text("a.png", "prompt", GRAPH)
        exif = PIL.Image.Exif()
        exif[0x0110] = "prompt:" + GRAPH
        first.save(self.path("a.webp"), save_all=True, append_images=[second],
                   exif=exif)
        self.expect_text("a.webp", "Model", "prompt:" + GRAPH)

    def test_animations_are_noted(self):
        first = self.picture("a.png")
        for name in ("a.png", "a.webp", "a.gif"):
            first.save(self.path(name), save_all=True,
                       append_images=[first.rotate(180)], duration=100)
            self.assertIn("animated", self.record(name)["warnings"], name)
            self.picture(name)
            self.assertNotIn("animated", self.record(name)["warnings"], name)

    def test_sound_files_pass_verification(self):
        for name, options in (("a.png", {}), ("a.jpg", {}), ("a.webp", {}),
                              ("p.jpg", {"progressive": True}),
                              ("l.webp", {"lossless": True})):
            self.picture(name, **options)
            record = self.record(name, "--verify")
            self.assertEqual(record["status"], "no_metadata", record)
            data = pathlib.Path(self.path(name)).read_bytes()
            pathlib.Path(self.path("cut" + name)).write_bytes(data[:-40])
            cut = self.record("cut" + name, "--verify")
            self.assertIn(cut["status"], ("truncated", "corrupt"), cut)


@needs_pillow
class CommandLineWritersTest(WritersTest):
    @needs("exiftool")
    def test_exiftool_on_jpeg_png_webp_tiff(self):
        for name in ("a.jpg", "a.png", "a.webp", "a.tiff"):
            self.picture(name)
            self.run_tool("exiftool", "-q", "-overwrite_original", "-charset",
                          "exif=UTF8", f"-UserComment={INFOTEXT}",
                          f"-XMP-dc:Description={INFOTEXT}", self.path(name))
            self.expect_text(name, "UserComment", INFOTEXT)
            self.expect_text(name, "dc:description", INFOTEXT)

    @needs("exiftool")
    def test_exiftool_comments(self):
        self.picture("a.jpg")
        self.run_tool("exiftool", "-q", "-overwrite_original", "-Comment=" + GRAPH,
                      "-IPTC:Caption-Abstract=a lantern", self.path("a.jpg"))
        self.expect_text("a.jpg", "Comment", GRAPH, carrier="jpeg:COM")
        record = self.record("a.jpg")
        self.assertIn("a lantern", [f["text"] for f in record["raw"]
                                    if f["carrier"] == "iptc"])

    @needs("exiftool")
    def test_exiftool_on_videos(self):
        for name in ("a.mp4", "a.mov"):
            self.run_tool("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
                          "color=s=64x48:d=0.2:r=5", self.path(name))
            self.run_tool("exiftool", "-q", "-overwrite_original",
                          "-ItemList:Comment=" + GRAPH, "-Keys:Description=" + INFOTEXT,
                          "-UserData:Comment=a lantern",
                          "-XMP-xmp:CreatorTool=Lantern", self.path(name))
            self.expect_text(name, "©cmt", GRAPH)
            self.expect_text(name, "com.apple.quicktime.description", INFOTEXT)
            self.expect_text(name, "©cmt", "a lantern")
            self.expect_text(name, "xmp:CreatorTool", "Lantern")

    @needs("exiftool")
    def test_exiftool_on_gif(self):
        self.picture("a.gif")
        self.run_tool("exiftool", "-q", "-overwrite_original", "-Comment=" + INFOTEXT,
                      "-XMP-xmp:CreatorTool=Lantern", self.path("a.gif"))
        self.expect_text("a.gif", "Comment", INFOTEXT)
        self.expect_text("a.gif", "xmp:CreatorTool", "Lantern")

    @needs("exiftool")
    def test_exiftool_on_text_chunks(self):
        self.picture("a.png")
        self.run_tool("exiftool", "-q", "-overwrite_original",
                      "-PNG:Comment=" + GRAPH, "-PNG:Description=" + INFOTEXT,
                      self.path("a.png"))
        self.expect_text("a.png", "Comment", GRAPH)
        self.expect_text("a.png", "Description", INFOTEXT)
        self.run_tool("exiftool", "-q", "-overwrite_original", "-z",
                      "-PNG:Comment=" + GRAPH * 20, self.path("a.png"))
        self.expect_text("a.png", "Comment", GRAPH * 20)

    @needs_piexif
    @needs("exiftool", "avifenc")
    def test_exiftool_on_avif(self):
        self.picture("a.png")
        self.run_tool("avifenc", "-s", "10", self.path("a.png"), self.path("a.avif"))
        self.run_tool("exiftool", "-q", "-overwrite_original", "-charset", "exif=UTF8",
                      f"-UserComment={INFOTEXT}", "-XMP-xmp:CreatorTool=Lantern",
                      self.path("a.avif"))
        self.expect_text("a.avif", "UserComment", INFOTEXT)
        self.expect_text("a.avif", "xmp:CreatorTool", "Lantern")

    @needs("exiv2")
    def test_exiv2_on_png_webp_and_tiff(self):
        text = INFOTEXT.replace("\n", " ")
        for name in ("a.png", "a.webp", "a.tiff"):
            self.picture(name)
            self.run_tool("exiv2", "-Mset Exif.Photo.UserComment charset=Unicode " + text,
                          "-Mset Xmp.xmp.CreatorTool Lantern", self.path(name))
            self.expect_text(name, "UserComment", text)
            self.expect_text(name, "xmp:CreatorTool", "Lantern")

    @needs("exiv2")
    def test_exiv2_jpeg_comment(self):
        self.picture("a.jpg")
        self.run_tool("exiv2", "-c", INFOTEXT, self.path("a.jpg"))
        self.expect_text("a.jpg", "Comment", INFOTEXT, carrier="jpeg:COM")

    @needs(MAGICK)
    def test_imagemagick_properties_and_comments(self):
        self.picture("a.png")
        self.run_tool(MAGICK, self.path("a.png"), "-set", "parameters", INFOTEXT,
                      "-set", "prompt", GRAPH, self.path("b.png"))
        self.expect_text("b.png", "parameters", INFOTEXT)
        self.expect_text("b.png", "prompt", GRAPH)
        for name in ("b.jpg", "b.gif"):
            self.run_tool(MAGICK, self.path("a.png"), "-set", "comment", INFOTEXT,
                          self.path(name))
            self.expect_text(name, "Comment", INFOTEXT)
        self.run_tool(MAGICK, self.path("a.png"), "-set", "tiff:software", "Lantern",
                      "-set", "comment", GRAPH, self.path("b.tiff"))
        self.expect_text("b.tiff", "ImageDescription", GRAPH)

    @needs_piexif
    @needs(MAGICK)
    def test_imagemagick_keeps_profiles_from_jpeg_to_anything(self):
        self.picture("a.jpg", exif=self.exif_comment())
        for name in ("b.png", "b.webp", "b.jpg"):
            self.run_tool(MAGICK, self.path("a.jpg"), self.path(name))
            self.expect_text(name, "UserComment", INFOTEXT)

    @needs_piexif
    @needs("img2webp", "gif2webp", "webpmux")
    def test_animations_made_by_libwebps_tools(self):
        first = self.picture("a.png")
        first.save(self.path("a.gif"), save_all=True,
                   append_images=[first.rotate(180)], duration=100)
        pathlib.Path(self.path("exif")).write_bytes(self.exif_comment())
        self.run_tool("img2webp", "-lossless", self.path("a.png"), self.path("a.png"),
                      "-o", self.path("a.webp"))
        self.run_tool("gif2webp", "-quiet", "-metadata", "all", self.path("a.gif"),
                      "-o", self.path("b.webp"))
        for name in ("a.webp", "b.webp"):
            self.run_tool("webpmux", "-set", "exif", self.path("exif"), self.path(name),
                          "-o", self.path("set.webp"))
            self.expect_text("set.webp", "UserComment", INFOTEXT)

    @needs("gif2webp", "exiftool")
    def test_gif2webp_copies_xmp(self):
        self.picture("a.gif")
        self.run_tool("exiftool", "-q", "-overwrite_original",
                      "-XMP-xmp:CreatorTool=Lantern", self.path("a.gif"))
        self.run_tool("gif2webp", "-quiet", "-metadata", "xmp", self.path("a.gif"),
                      "-o", self.path("a.webp"))
        self.expect_text("a.webp", "xmp:CreatorTool", "Lantern")

    @needs_piexif
    @needs("heif-enc")
    def test_heif_enc_makes_avif(self):
        self.picture("a.jpg", exif=self.exif_comment())
        self.run_tool("heif-enc", "-A", self.path("a.jpg"), "-o", self.path("a.avif"))
        self.expect_text("a.avif", "UserComment", INFOTEXT, container="avif")

    @needs("exiv2")
    def test_exiv2_comment_of_either_charset(self):
        for charset, text in (("Unicode", INFOTEXT), ("Ascii", "plain lantern")):
            self.picture("a.jpg")
            self.run_tool("exiv2", f"-Mset Exif.Photo.UserComment charset={charset} "
                          + text.replace("\n", " "), self.path("a.jpg"))
            self.expect_text("a.jpg", "UserComment", text.replace("\n", " "))

    @needs_piexif
    @needs("cwebp", "webpmux")
    def test_cwebp_and_webpmux(self):
        self.picture("a.png")
        pathlib.Path(self.path("exif")).write_bytes(self.exif_comment())
        pathlib.Path(self.path("xmp")).write_text(XMP)
        self.run_tool("cwebp", "-quiet", self.path("a.png"), "-o", self.path("a.webp"))
        self.run_tool("webpmux", "-set", "exif", self.path("exif"),
                      self.path("a.webp"), "-o", self.path("b.webp"))
        self.run_tool("webpmux", "-set", "xmp", self.path("xmp"),
                      self.path("b.webp"), "-o", self.path("c.webp"))
        self.expect_text("c.webp", "UserComment", INFOTEXT)
        self.expect_text("c.webp", "xmp:CreatorTool", "Lantern & Co")

    @needs_piexif
    @needs("cwebp")
    def test_cwebp_copies_metadata(self):
        self.picture("a.jpg", exif=self.exif_comment())
        for options in ([], ["-lossless"]):
            self.run_tool("cwebp", "-quiet", "-metadata", "all", *options,
                          self.path("a.jpg"), "-o", self.path("a.webp"))
            self.expect_text("a.webp", "UserComment", INFOTEXT)

    @needs_piexif
    @needs("avifenc")
    def test_avifenc(self):
        self.picture("a.png")
        # avifenc wants the block without its "Exif\\0\\0".
        pathlib.Path(self.path("exif")).write_bytes(self.exif_comment()[6:])
        pathlib.Path(self.path("xmp")).write_text(XMP)
        self.run_tool("avifenc", "-s", "10", "--exif", self.path("exif"), "--xmp",
                      self.path("xmp"), self.path("a.png"), self.path("a.avif"))
        self.expect_text("a.avif", "UserComment", INFOTEXT, container="avif")
        self.expect_text("a.avif", "xmp:CreatorTool", "Lantern & Co")

    @needs_piexif
    @needs("heif-enc", "exiftool")
    def test_heif_enc(self):
        self.picture("a.jpg", exif=self.exif_comment())
        self.run_tool("heif-enc", self.path("a.jpg"), "-o", self.path("a.heic"))
        self.expect_text("a.heic", "UserComment", INFOTEXT, container="heif")
        self.run_tool("exiftool", "-q", "-overwrite_original",
                      "-UserComment=another lantern", "-XMP-xmp:CreatorTool=Lantern",
                      self.path("a.heic"))
        self.expect_text("a.heic", "UserComment", "another lantern")
        self.expect_text("a.heic", "xmp:CreatorTool", "Lantern")

    @needs_piexif
    @needs("cjxl", "exiftool")
    def test_cjxl_in_brotli_boxes_and_plain_ones(self):
        self.picture("a.jpg", exif=self.exif_comment())
        self.run_tool("exiftool", "-q", "-overwrite_original",
                      "-XMP-xmp:CreatorTool=Lantern", self.path("a.jpg"))
        self.run_tool("cjxl", self.path("a.jpg"), self.path("a.jxl"), "--container=1")
        data = pathlib.Path(self.path("a.jxl")).read_bytes()
        self.assertIn(b"brob", data)
        self.expect_text("a.jxl", "UserComment", INFOTEXT, container="jxl")
        self.expect_text("a.jxl", "xmp:CreatorTool", "Lantern")
        self.run_tool("exiftool", "-q", "-overwrite_original",
                      "-UserComment=another lantern", self.path("a.jxl"))
        self.expect_text("a.jxl", "UserComment", "another lantern")


@needs("ffmpeg")
class FfmpegTest(WritersTest):
    def video(self, name, *options):
        self.run_tool("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
                      "color=s=64x48:d=0.4:r=5", "-f", "lavfi", "-i",
                      "sine=d=0.4", "-metadata", f"prompt={GRAPH}",
                      "-metadata", f"workflow={WORKFLOW}",
                      "-metadata", f"comment={INFOTEXT}", *options,
                      self.path(name))

    def test_mp4_comment(self):
        self.video("a.mp4")
        self.expect_text("a.mp4", "©cmt", INFOTEXT, carrier="mp4:ilst",
                         container="mp4")

    def test_mp4_keys_with_moov_at_either_end(self):
        for flags in ("use_metadata_tags", "use_metadata_tags+faststart"):
            self.video("a.mp4", "-movflags", flags)
            for key, text in (("prompt", GRAPH), ("workflow", WORKFLOW),
                              ("comment", INFOTEXT)):
                self.expect_text("a.mp4", key, text, carrier="mp4:mdta")

    def test_fragmented_mp4(self):
        self.video("a.mp4", "-movflags",
                   "use_metadata_tags+frag_keyframe+empty_moov")
        self.expect_text("a.mp4", "prompt", GRAPH)

    def test_mov(self):
        self.video("a.mov")
        self.expect_text("a.mov", "©cmt", INFOTEXT, container="mov")
        self.video("b.mov", "-movflags", "use_metadata_tags")
        self.expect_text("b.mov", "prompt", GRAPH, carrier="mp4:mdta")

    def test_webm_and_mkv(self):
        for name, container in (("a.webm", "webm"), ("a.mkv", "mkv")):
            self.video(name)
            for key, text in (("PROMPT", GRAPH), ("WORKFLOW", WORKFLOW),
                              ("COMMENT", INFOTEXT)):
                self.expect_text(name, key, text, carrier="mkv:tag",
                                 container=container)

    def test_webm_that_was_streamed_has_open_sizes(self):
        self.video("seekable.webm")
        streamed = subprocess.run(
            ["ffmpeg", "-v", "error", "-i", self.path("seekable.webm"), "-c", "copy",
             "-f", "webm", "-live", "1", "-"],
            check=True, stdout=subprocess.PIPE).stdout
        pathlib.Path(self.path("a.webm")).write_bytes(streamed)
        self.expect_text("a.webm", "PROMPT", GRAPH)

    def test_first_part_of_a_faststart_file_holds_the_text(self):
        self.video("a.mp4", "-movflags", "use_metadata_tags+faststart")
        data = pathlib.Path(self.path("a.mp4")).read_bytes()
        pathlib.Path(self.path("a.mp4")).write_bytes(data[:-500])
        record = self.record("a.mp4")
        self.assertIn(GRAPH, [field["text"] for field in record["raw"]])
        found = record["warnings"] + ([record["error"]] if record["error"] else [])
        self.assertIn("truncated", json.dumps(found))


if __name__ == "__main__":
    unittest.main()
