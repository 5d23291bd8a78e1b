"""A hello from source in a fresh sandbox, beside an isolate that lives on and a process for each request."""

import groups
from groups import Group
from peers import HELLO
from rounds import QUICK  # noqa: F401

GROUPS = {
    "JavaScript": Group(HELLO, "workerd", ("mayfly, JavaScript", "mayfly, JavaScript, reused", "Node.js")),
    "Python": Group(HELLO, "CGI, python3 -IS", ("mayfly, Python", "mayfly, Python, reused", "CGI, python3")),
    "PHP": Group(HELLO, "CGI, php-cgi -n", ("mayfly, PHP", "CGI, php-cgi")),
}


def arguments(parser):
    groups.arguments(parser, GROUPS, connections=(1, 32))


def run(options):
    return groups.run(options, GROUPS)
