# A page from a JSON body, as a template with placeholders makes it; template.js is the same, step by step.
import json
import re

PAGE = """<html><head><title>{{title}}</title></head>
<body><h1>{{title}}</h1>
<ul>
{{rows}}</ul>
<p>{{count}} items, {{total}} cents</p></body></html>
"""
ROW = """<li class="{{state}}"><b>{{name}}</b> ({{tags}}): {{text}}, {{cents}} cents</li>
"""
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
SPECIAL = re.compile(r'[&<>"]')
PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def escape(value):
    return SPECIAL.sub(lambda found: ESCAPES[found[0]], str(value))


def fill(template, values):
    return PLACEHOLDER.sub(lambda found: str(values[found[1]]), template)


def render(data):
    rows = ""
    total = 0
    for item in data["items"]:
        total += item["cents"]
        rows += fill(ROW, {
            "state": "cheap" if item["cents"] < 5000 else "dear",
            "name": escape(item["name"]),
            "tags": escape(", ".join(item["tags"])),
            "text": escape(item["text"]),
            "cents": item["cents"],
        })
    page = fill(PAGE, {"title": escape(data["title"]), "rows": rows, "count": len(data["items"]), "total": total})
    return {"page": page, "count": len(data["items"]), "total": total}


def app(environ, start_response):
    made = render(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
    body = json.dumps(made, separators=(",", ":")).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
