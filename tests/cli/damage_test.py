"""What is damaged is read as far as it goes: the text comes out, and a warning
says what was wrong."""
import pathlib
import struct
import unittest
import zlib

from program import INFOTEXT, ProgramTest

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXT = (INFOTEXT % 77).encode()
PACKED = zlib.compress(TEXT)
FIXTURES = pathlib.Path(__file__).resolve().parent.parent.parent / "fixtures/images"


def chunk(kind, data, length=None):
    return (struct.pack(">I", len(data) if length is None else length) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


HEADER = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
PIXELS = chunk(b"IDAT", zlib.compress(bytes(25 * 8)))
END = chunk(b"IEND", b"")
PARAMETERS = chunk(b"tEXt", b"parameters\0" + TEXT)


def png(*chunks):
    return SIGNATURE + HEADER + b"".join(chunks) + PIXELS + END


class DamageTest(ProgramTest):
    def assert_read(self, data, warning=None, seed="77"):
        self.write("x.png", data)
        record = self.one_record("x.png")
        self.assertEqual(record["status"], "ok", record)
        self.assertEqual(record["generation"]["seed"], seed, record)
        if warning is not None:
            self.assertTrue(any(warning in w for w in record["warnings"]), record)
        return record

    def test_bytes_in_front_of_the_image(self):
        http = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n"
        jpeg = (FIXTURES / "jpeg-usercomment-utf8.jpg").read_bytes()
        webp = (FIXTURES / "webp-exif.webp").read_bytes()
        for junk in (http, b"\xef\xbb\xbf", bytes(16), b"junk\n"):
            warning = f"corrupt: {len(junk)} bytes in front of the image"
            self.assert_read(junk + png(PARAMETERS), warning)
            self.assert_read(junk + jpeg, warning, "35")
            self.assert_read(junk + webp, warning, "41")

    def test_missing_signature(self):
        jpeg = (FIXTURES / "jpeg-usercomment-utf8.jpg").read_bytes()
        self.assert_read(png(PARAMETERS)[8:], "signature is missing")
        self.assert_read(png(PARAMETERS)[3:], "signature is missing")
        self.assert_read(jpeg[2:], "signature is missing", "35")

    def test_misplaced_image_without_text_is_corrupt(self):
        self.write("x.png", b"junk" + png())
        record = self.one_record("x.png")
        self.assertEqual(record["status"], "corrupt")
        self.assertEqual(record["image"]["width"], 8)
        self.assertEqual(record["image"]["bytes"], 4 + len(png()))

    def test_chunks_behind_a_break_are_found(self):
        self.assert_read(SIGNATURE + HEADER + b"\0" + PARAMETERS + PIXELS + END,
                         "no chunk at byte")
        pixels = chunk(b"IDAT", bytes(500), length=5)
        self.assert_read(SIGNATURE + HEADER + pixels + PARAMETERS + END)

    def test_compression_that_was_forgotten_or_not_told(self):
        self.assert_read(png(chunk(b"zTXt", b"parameters\0\0" + TEXT)),
                         "bad_compression")
        self.assert_read(png(chunk(b"zTXt", b"parameters\0" + PACKED)))
        self.assert_read(png(chunk(b"iTXt", b"parameters\0\1\0\0\0" + TEXT)),
                         "bad_compression")
        self.assert_read(png(chunk(b"iTXt", b"parameters\0\0\0\0\0" + PACKED)))
        self.assert_read(png(chunk(b"zTXt", b"parameters\0\0" + PACKED[:-4])))

    def test_parts_of_an_itxt_chunk_are_missing(self):
        for parts in (b"\0", b"\0\0\0", b"\0\0\0\0", b"\0\0\0en\0"):
            self.assert_read(png(chunk(b"iTXt", b"parameters" + parts + TEXT)))

    def test_webp_with_bytes_behind_it_is_whole(self):
        webp = (FIXTURES / "webp-exif.webp").read_bytes()
        self.assertEqual(self.assert_read(webp + b"trailing" * 99,
                                          seed="41")["warnings"], [])

    def test_webp_with_a_padding_byte_too_many(self):
        webp = (FIXTURES / "webp-exif.webp").read_bytes()
        at = webp.index(b"EXIF")
        self.assert_read(webp[:at] + b"\0" + webp[at:], "padding byte too many", "41")


if __name__ == "__main__":
    unittest.main()
