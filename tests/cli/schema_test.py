"""Every record fits the published schema, and tools for tables load it."""
import glob
import io
import json
import os
import re
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

    def duckdb(self, queries):
        """The rows of each query, from DuckDB for node."""
        modules = find_duckdb()
        if modules is None:
            self.skipTest("@duckdb/node-api is not there: scripts/test fetches "
                          "it where npm can; NODE_PATH names another folder")
        self.write("out.jsonl", self.text)
        self.write("queries.json", json.dumps(queries))
        script = self.write("load.js", """
const {DuckDBInstance} = require('@duckdb/node-api');
const queries = JSON.parse(require('fs').readFileSync('queries.json', 'utf8'));
(async () => {
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  const results = [];
  for (const query of queries)
    results.push((await db.runAndReadAll(query)).getRowsJson());
  console.log(JSON.stringify(results));
})();
""")
        result = subprocess.run(["node", script], cwd=self.folder, text=True,
                                capture_output=True, env=dict(
                                    os.environ, NODE_PATH=modules))
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_duckdb_reads_the_columns_of_the_schema(self):
        source = ("read_json('out.jsonl', format='newline_delimited', "
                  "columns=%s)" % self.columns)
        described, values = self.duckdb([
            "describe select * from " + source,
            "select file, status, image.bytes, generation.cfg_scale, "
            "generation.seed, len(generation.loras), row.tag_ids, warnings "
            "from " + source])
        columns = dict(re.findall(r"(\w+): '([^']*)'", self.columns))
        self.assertEqual(list(columns), list(self.schema["properties"]))
        self.assertEqual(  # it puts names into quotes only where it must
            {name: kind.replace('"', "") for name, kind, *_ in described},
            {name: kind.replace('"', "") for name, kind in columns.items()})
        expected = []
        for record in self.records:
            generation = record["generation"] or {}
            expected.append([
                record["file"], record["status"], record["image"]["bytes"],
                generation.get("cfg_scale"), generation.get("seed"),
                len(generation["loras"]) if generation else None,
                record["row"] and record["row"]["tag_ids"],
                record["warnings"]])
        as_text = [[None if cell is None else cell if isinstance(
            cell, (str, list)) else float(cell) for cell in row]
            for row in expected]
        numbers = [[float(cell) if i in (2, 3, 5) and cell is not None else
                    [int(tag) for tag in cell] if i == 6 and cell is not None
                    else cell for i, cell in enumerate(row)] for row in values]
        self.assertEqual(numbers, as_text)

    def test_duckdb_finds_the_types_by_itself(self):
        # What is null in every record has no type to be found.
        paths = {"status": "VARCHAR", "image.bytes": "BIGINT",
                 "generation.steps": "BIGINT",
                 "generation.cfg_scale": "DOUBLE",
                 "generation.denoising_strength": "DOUBLE",
                 "generation.seed": "VARCHAR",
                 "generation.loras[1].weight": "DOUBLE",
                 "row.tag_ids": "BIGINT[]", "warnings": "VARCHAR[]"}
        [types, [[count]]] = self.duckdb([
            "select %s from 'out.jsonl' limit 1" % ", ".join(
                "typeof(%s)" % path for path in paths),
            "select count(*)::int from 'out.jsonl'"])
        self.assertEqual(dict(zip(paths, types[0])), paths)
        self.assertEqual(count, len(self.records))


def find_duckdb():
    """A folder for NODE_PATH with DuckDB for node, if there is one."""
    if shutil.which("node") is None:
        return None
    folders = [f for f in os.environ.get("NODE_PATH", "").split(":") if f]
    folders += [os.path.join(SOURCE, "build", "npm", "node_modules"),
                "/usr/local/lib/node_modules", "/usr/lib/node_modules"]
    for folder in folders:
        if glob.glob(os.path.join(folder, "@duckdb", "node-api")):
            return os.path.abspath(folder)
    return None


if __name__ == "__main__":
    unittest.main()
