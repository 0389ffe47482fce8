"""Signed links and keys are secrets of whoever made the image: no output has them."""
import json
import os
import unittest
import urllib.parse

from program import INFOTEXT, ProgramTest, png

SECRET = "c2VjcmV0"
# Cut after 40 bytes by the note about a bad number, so the host is short.
LINK = "https://a.b/c?sig=" + SECRET

GRAPH = {
    "1": {"class_type": "CheckpointLoaderSimple",
          "inputs": {"ckpt_name": LINK}},
    "2": {"class_type": "CLIPTextEncode",
          "inputs": {"clip": ["1", 1], "text": "a hill " + LINK}},
    "3": {"class_type": "LoadImage", "inputs": {"image": LINK}},
    "4": {"class_type": "KSampler",
          "inputs": {"model": ["1", 0], "positive": ["2", 0],
                     "negative": ["2", 0], "latent_image": ["3", 0],
                     "seed": LINK, "steps": 5, "cfg": 1}},
    "extraMetadata": json.dumps({"transformations": [{"image": LINK}]}),
}
KEY = "c2VjcmV0NGYxYzlhNzdiMjA"
REQUEST = {"prompt": "a hill", "steps": 5, "seed": 1, "api_key": KEY,
           "headers": {"Authorization": "Bearer " + KEY}}
IMAGES = {
    "bad_number.png": INFOTEXT % 1 + ", Clip skip: " + LINK,
    "prompt.png": LINK + "\n" + INFOTEXT % 1,
    "metadata.png": INFOTEXT % 1 + ", Civitai metadata: "
                    + json.dumps({"images": [{"url": LINK}]}),
    "graph.png": json.dumps(GRAPH),
    "swarm.png": json.dumps({"sui_image_params": {"prompt": LINK, "steps": LINK},
                             "sui_extra_data": {LINK: LINK}}),
    "malformed.png": '{"sui_image_params": "' + LINK + '"}',
    "unrecognized.png": '{"source": "' + LINK + '"}',
    "escaped.png": json.dumps({"sui_image_params": {"prompt": "a"}, "image":
                               LINK}).replace("/", "\\/"),
    "nested.png": INFOTEXT % 1 + ", Made with: HTTPS://a.b/c?a[]=1&url="
                  + urllib.parse.quote(LINK, safe=""),
    "request.png": json.dumps(REQUEST),
    "spaced.png": json.dumps(REQUEST, separators=(", ", " : ")),
}
ROWS = "id,image_url,image_id\n" + "".join(
    "%d,00000000-0000-0000-0000-%012d,%d\n" % (n, n, n)
    for n in range(1, 1 + len(IMAGES)))


class Redaction(ProgramTest):
    def setUp(self):
        super().setUp()
        for number, text in enumerate(IMAGES.values(), 1):
            self.write("images/%d.png" % number, png(text))
        self.write("rows.csv", ROWS)

    def all_output(self, *options):
        """Everything that every command writes for these images."""
        images = [os.path.join("images", name)
                  for name in sorted(os.listdir(self.path("images")))]
        text = ""
        for command in (("extract", "images"),
                        ("extract", "--raw", "images", "--csv", "rows.csv",
                         "-o", "out.jsonl"),
                        ("show", *images), ("show", "--json", *images)):
            result = self.run_sdmeta(*command, *options)
            self.assertEqual(result.returncode, 0, result.stderr)
            text += result.stdout + result.stderr
        for command in (("enrich", "--csv", "rows.csv", "--records",
                         "out.jsonl", "-o", "enriched.csv"),
                        ("captions", "out.jsonl", "--to", "captions")):
            result = self.run_sdmeta(*command)
            self.assertEqual(result.returncode, 0, result.stderr)
            text += result.stdout + result.stderr
        for folder in (".", "captions"):
            for name in sorted(os.listdir(self.path(folder))):
                path = os.path.join(folder, name)
                if os.path.isfile(self.path(path)) and name != "rows.csv":
                    text += self.read(path).decode()
        return text

    def test_no_command_writes_a_signed_link_or_a_key(self):
        text = self.all_output()
        self.assertIn("a.b/c", text)
        self.assertNotIn(SECRET, text)

    def test_with_keep_secrets_every_image_keeps_its_own(self):
        text = self.all_output("--keep-secrets")
        self.assertGreater(text.count(SECRET), 3 * len(IMAGES))
        older_name = self.all_output("--keep-urls")
        self.assertEqual(text.count(SECRET), older_name.count(SECRET))


if __name__ == "__main__":
    unittest.main()
