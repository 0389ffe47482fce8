"""Every record fits the published schema, and tools for tables load it."""
import glob
import io
import json
import os
import shutil
import subprocess
import unittest

import jsonschema
import pandas

from program import ProgramTest, records

SOURCE = os.environ.get(
    "SDMETA_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))


class Schema(ProgramTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        from program import sdmeta
        cls.schema = json.loads(sdmeta("schema").stdout)
        cls.features = json.loads(sdmeta("schema", "--for",
                                         "huggingface").stdout)
        cls.columns = sdmeta("schema", "--for", "duckdb").stdout
        fixtures = os.path.join(SOURCE, "fixtures")
        csv = os.path.join(fixtures, "sample", "csv")
        cls.text = sdmeta("extract", "--all-files", "--raw", "--csv", csv,
                          fixtures).stdout
        cls.records = records(cls.text)

    def test_it_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def test_every_record_of_the_fixtures_fits(self):
        self.assertGreater(len(self.records), 5)
        validator = jsonschema.Draft202012Validator(self.schema)
        for record in self.records:
            errors = list(validator.iter_errors(record))
            self.assertEqual(errors, [], record["file"])

    def test_some_record_has_every_part(self):
        for part in ("generation", "row", "error"):
            self.assertTrue(any(r[part] for r in self.records), part)

    def test_another_key_does_not_fit(self):
        validator = jsonschema.Draft202012Validator(self.schema)
        for path in ((), ("image",), ("generation",)):
            record = json.loads(json.dumps(next(
                r for r in self.records if r["generation"])))
            inner = record
            for key in path:
                inner = inner[key]
            inner["surprise"] = 1
            self.assertFalse(validator.is_valid(record), path)

    def test_numbers_keep_their_types(self):
        for line in self.text.splitlines():
            generation = json.loads(line)["generation"]
            if generation is None:
                continue
            for key in ("cfg_scale", "guidance", "denoising_strength"):
                self.assertIsInstance(generation[key], (float, type(None)))
            for key in ("steps", "width", "height", "clip_skip"):
                self.assertIsInstance(generation[key], (int, type(None)))

    def test_pandas_loads_it(self):
        frame = pandas.read_json(io.StringIO(self.text), lines=True)
        self.assertEqual(list(frame.columns),
                         list(self.schema["properties"]))
        self.assertEqual(len(frame), len(self.records))
        flat = pandas.json_normalize(
            [r["generation"] for r in self.records if r["generation"]])
        self.assertEqual(str(flat["cfg_scale"].astype(float).dtype), "float64")

    def test_huggingface_features_name_every_key(self):
        def check(features, value):
            if value is None:
                return
            if isinstance(features, list):
                for item in value:
                    check(features[0], item)
            elif "_type" in features:
                kinds = {"string": str, "int64": int, "float64": float}
                self.assertIsInstance(value, kinds[features["dtype"]])
            else:
                self.assertEqual(list(features), list(value))
                for key, inner in value.items():
                    check(features[key], inner)
        for record in self.records:
            check(self.features, record)

    def test_duckdb_loads_it(self):
        duckdb = find_duckdb()
        if duckdb is None:
            self.skipTest("node or @duckdb/node-api is not there; set "
                          "NODE_PATH to a folder that has it")
        self.write("out.jsonl", self.text)
        self.write("columns.txt", self.columns)
        script = self.write("load.js", """
const {DuckDBInstance} = require('@duckdb/node-api');
const fs = require('fs');
(async () => {
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  const columns = fs.readFileSync('columns.txt', 'utf8');
  const source = `read_json('out.jsonl', format='newline_delimited',
                            columns=${columns})`;
  const rows = await db.runAndReadAll(`select count(*)::int, sum(
      case when generation.cfg_scale is not null then 1 else 0 end)::int,
      typeof(any_value(generation.cfg_scale)),
      typeof(any_value(generation.seed)), typeof(any_value(row.tag_ids))
      from ${source}`);
  console.log(JSON.stringify(rows.getRows()[0]));
})();
""")
        result = subprocess.run(["node", script], cwd=self.folder, text=True,
                                capture_output=True, env=dict(
                                    os.environ, NODE_PATH=duckdb))
        self.assertEqual(result.returncode, 0, result.stderr)
        count, with_cfg, cfg, seed, tags = json.loads(result.stdout)
        self.assertEqual(count, len(self.records))
        self.assertEqual(with_cfg, sum(
            1 for r in self.records
            if r["generation"] and r["generation"]["cfg_scale"] is not None))
        self.assertEqual((cfg, seed, tags), ("DOUBLE", "VARCHAR", "BIGINT[]"))


def find_duckdb():
    """A folder for NODE_PATH with DuckDB for node, if there is one."""
    if shutil.which("node") is None:
        return None
    folders = [f for f in os.environ.get("NODE_PATH", "").split(":") if f]
    folders += [os.path.join(SOURCE, "node_modules"),
                "/usr/local/lib/node_modules", "/usr/lib/node_modules"]
    for folder in folders:
        if glob.glob(os.path.join(folder, "@duckdb", "node-api")):
            return folder
    return None


if __name__ == "__main__":
    unittest.main()
