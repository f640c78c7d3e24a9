"""One peer of `make bench-peers`, in its own environment: `peer.py NAME measure CASES…` or `peer.py NAME suite FOLDER`.

Prints an object a line. Each peer is used in the way its documentation calls fastest: from bytes with orjson, or with what it
reads and writes itself.
"""
import json
import os
import sys
import time

import orjson


# MARK: The peers. Each answers functions of a mapping or schema: bytes to bytes, and on a parsed document.


def jsonatapy(expression):
    import jsonatapy

    compiled = jsonatapy.compile(expression)

    def parse(data):
        return jsonatapy.JsonataData.from_json(data.decode())

    # Text in and out is quicker than objects; the parsed document is its own form of one.
    return (
        lambda data: compiled.evaluate_json(data.decode()).encode(),
        parse,
        compiled.evaluate_data_to_json,
    )


def jsonata_module(expression):
    import jsonata

    compiled = jsonata.Jsonata(expression)
    return lambda data: orjson.dumps(compiled.evaluate(orjson.loads(data))), orjson.loads, compiled.evaluate


def jsonschema_rs(schema):
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(orjson.loads(schema), validate_formats=True)
    return lambda data: validator.is_valid(orjson.loads(data)), orjson.loads, validator.is_valid


def fastjsonschema(schema):
    import fastjsonschema

    validate = fastjsonschema.compile(orjson.loads(schema), detailed_exceptions=False)

    def is_valid(document):
        try:
            validate(document)
            return True
        except fastjsonschema.JsonSchemaException:
            return False

    return lambda data: is_valid(orjson.loads(data)), orjson.loads, is_valid


MAPPERS = {"jsonatapy": jsonatapy, "jsonata-rs": jsonata_module, "jsonata-python": jsonata_module}
VALIDATORS = {"jsonschema-rs": jsonschema_rs, "fastjsonschema": fastjsonschema}


# MARK: Speed


def rate(body, argument):
    """Calls a second of CPU time, the best of many short rounds."""
    calls, start = 0, time.process_time()
    while time.process_time() - start < 0.02:
        body(argument)
        calls += 1
    best = float("inf")
    for _ in range(12):
        start = time.process_time()
        for _ in range(calls):
            body(argument)
        best = min(best, (time.process_time() - start) / calls)
    return round(1 / best)


def read(*parts):
    with open(os.path.join(*parts), "rb") as file:
        return file.read()


def measure(name, folder):
    document = read(folder, "document.json")
    found = {"case": os.path.basename(folder)}
    if name in MAPPERS:
        from_bytes, parse, evaluate = MAPPERS[name](read(folder, "mapping.jsonata").decode())
        found["result"] = from_bytes(document).decode()
        found["map-bytes"] = rate(from_bytes, document)
        found["map-parsed"] = rate(evaluate, parse(document))
    else:
        from_bytes, parse, is_valid = VALIDATORS[name](read(folder, "schema.json"))
        if not from_bytes(document):
            raise SystemExit(f"{name}: {folder}: the document does not fit the schema")
        found["validate-bytes"] = rate(from_bytes, document)
        found["validate-parsed"] = rate(is_valid, parse(document))
    return found


# MARK: The conformance suites


def same(left, right, unordered=False):
    """Equality with numbers compared at 15 significant digits, as our own conformance check does it."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left == right or abs(left - right) <= 1e-15 * max(abs(left), abs(right))
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        if len(left) != len(right):
            return False
        if unordered:
            return all(any(same(a, b, True) for b in right) for a in left)
        return all(same(a, b) for a, b in zip(left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key], unordered) for key in left)
    return type(left) is type(right) and left == right


class Undefined:
    pass


def evaluator(name):
    """A function of expression, input and bindings that gives the result, and one that gives an error's code."""
    if name == "jsonatapy":
        import jsonatapy

        def run(expression, data, bindings):
            text = None if data is Undefined else json.dumps(data)
            answer = jsonatapy.compile(expression).evaluate_json_or_none(text, bindings or None)
            return Undefined if answer is None else json.loads(answer)

        return run, lambda error: str(error).split(":")[0].strip()
    import jsonata

    if name == "jsonata-rs":

        def run(expression, data, bindings):
            compiled = jsonata.Jsonata(expression)
            compiled.set_output_convert_nulls(False)
            for key, value in bindings.items():
                compiled.assign(key, value)
            answer = compiled.evaluate(None if data is Undefined else data)
            return Undefined if answer is jsonata.UNDEFINED else answer

        return run, lambda error: getattr(error, "code", "")

    def run(expression, data, bindings):
        compiled = jsonata.Jsonata(expression)
        for key, value in bindings.items():
            compiled.assign(key, value)
        answer = compiled.evaluate(None if data is Undefined else data)
        # Nothing and null are the same to it.
        return answer

    return run, lambda error: getattr(error, "error", "")


def passes(name, run, code_of, case, folder, group):
    expression = case.get("expr", "")
    if "expr-file" in case:
        expression = read(folder, "groups", group, case["expr-file"]).decode()
    data = Undefined
    if "data" in case:
        data = case["data"]
    elif case.get("dataset"):
        data = json.loads(read(folder, "datasets", case["dataset"] + ".json"))
    code = case.get("code") or (case.get("error") or {}).get("code")
    try:
        result = run(expression, data, case.get("bindings") or {})
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return code is not None and code_of(error) == code
    if code is not None:
        return False
    if "undefinedResult" in case:
        return result is Undefined or (name == "jsonata-python" and result is None)
    return result is not Undefined and same(result, case.get("result"), case.get("unordered") is True)


def jsonata_suite(name, folder):
    run, code_of = evaluator(name)
    passed = total = 0
    for group in sorted(os.listdir(os.path.join(folder, "groups"))):
        for file in sorted(os.listdir(os.path.join(folder, "groups", group))):
            if not file.endswith(".json"):
                continue
            cases = json.loads(read(folder, "groups", group, file))
            for case in cases if isinstance(cases, list) else [cases]:
                total += 1
                passed += bool(passes(name, run, code_of, case, folder, group))
    return passed, total


def remotes(folder):
    found = {}
    root = os.path.join(folder, "remotes")
    for path, _, files in os.walk(root):
        for file in files:
            full = os.path.join(path, file)
            found["http://localhost:1234/" + os.path.relpath(full, root)] = full
    return found


def schema_compiler(name, folder):
    known = remotes(folder)

    def fetch(uri):
        return json.loads(read(known[uri.split("#")[0]]))

    if name == "jsonschema-rs":
        import jsonschema_rs

        def compile_schema(schema, formats):
            return jsonschema_rs.Draft202012Validator(schema, validate_formats=formats, retriever=fetch).is_valid

        return compile_schema
    import fastjsonschema

    def compile_schema(schema, formats):
        validate = fastjsonschema.compile(
            schema, handlers={"http": fetch, "https": fetch}, use_formats=formats, use_default=False
        )

        def is_valid(document):
            try:
                validate(document)
                return True
            except fastjsonschema.JsonSchemaException:
                return False

        return is_valid

    return compile_schema


def schema_suite(name, folder):
    compile_schema = schema_compiler(name, folder)
    passed = total = 0
    for path, _, files in os.walk(os.path.join(folder, "tests-draft2020-12")):
        for file in sorted(files):
            formats = os.path.basename(path) == "format" or file == "format-assertion.json"
            for case in json.loads(read(path, file)):
                try:
                    is_valid = compile_schema(case["schema"], formats)
                except Exception:
                    is_valid = None
                for test in case["tests"]:
                    total += 1
                    try:
                        passed += is_valid is not None and bool(is_valid(test["data"])) == test["valid"]
                    except Exception:
                        pass
    return passed, total


def main():
    name, what, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
    if what == "measure":
        for folder in arguments:
            print(json.dumps(measure(name, folder)), flush=True)
        return
    sys.setrecursionlimit(5000)
    suite, folder = (
        (jsonata_suite, "jsonata-suite") if name in MAPPERS else (schema_suite, "json-schema-suite")
    )
    passed, total = suite(name, os.path.join(arguments[0], folder))
    print(json.dumps({"passed": passed, "total": total}))


main()
