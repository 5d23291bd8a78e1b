"""10 kB of JSON to a page by a template, and JSON out: the same source in mayfly and in servers that keep it loaded."""

import importlib.util
import json
import random

import groups
import peers
import sources
from groups import Group
from peers import HERE, Peer, Workload
from rounds import QUICK  # noqa: F401

WORDS = "the <quick> brown fox jumps over a \"lazy\" dog & sleeps until noon".split()
ITEMS = 62


def body():
    """The same in each run: about 10 kB."""
    source = random.Random(1)
    items = [{"id": number, "name": f"Item <{number}>", "cents": source.randrange(10_000),
              "tags": source.sample(WORDS, 3), "text": " ".join(source.choices(WORDS, k=16))} for number in range(ITEMS)]
    return json.dumps({"title": "Stock & more", "items": items}).encode()


def rendered(request):
    """What functions/template.py makes of it, in this process."""
    spec = importlib.util.spec_from_file_location("template", sources.path("template", "python"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.render(json.loads(request))


def workload():
    request = body()
    expected = rendered(request)
    return Workload(
        functions={f"mayfly, {sources.title(language)}{', reused' if more else ''}": peers.source("template", language, more)
                   for language in ("js", "python") for more in ("", "reuse=128")},
        peers=(
            Peer("workerd", peers.workerd("template"), peers.WORKERD_VERSION),
            Peer("waitress", peers.waitress("template"), peers.WAITRESS_VERSION),
            *peers.python_cgi(sources.path("template", "python"), HERE / "wsgi.cgi.py"),
        ),
        is_answer=lambda answer: json.loads(answer) == expected,
        body=request)


TEMPLATE = workload()
GROUPS = {
    "JavaScript": Group(TEMPLATE, "workerd", ("mayfly, JavaScript", "mayfly, JavaScript, reused")),
    "Python": Group(TEMPLATE, "waitress",
                    ("mayfly, Python", "mayfly, Python, reused", "CGI, python3 -IS", "CGI, python3")),
}


def arguments(parser):
    groups.arguments(parser, GROUPS, connections=(1, 32))


def run(options):
    return groups.run(options, GROUPS)
