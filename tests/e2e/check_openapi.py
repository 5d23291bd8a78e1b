"""Run by test_openapi.py in the environment of requirements.txt: validates the document of standard input, and says of
each [path, body] pair whether the document's schema of that path takes the body."""

import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

given = json.load(sys.stdin)
document = given["document"]
OpenAPIV31SpecValidator(document).validate()


def takes(path, body):
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator(schema).is_valid(body)


print(json.dumps([takes(path, body) for path, body in given["bodies"]]))
