"""Before the image is taken: what every function finds imported, and how one is loaded."""

import ast
import gc
import importlib
import inspect
import io
import os
import sys
import traceback
import types
from importlib.machinery import PathFinder

from mayfly import _network, _rehearsal, _serve, _zones

# What functions import most: they find it in the image, and pay nothing.
COMMON = """
    abc argparse ast asyncio base64 binascii bisect calendar cmath collections.abc configparser contextlib
    contextvars copy csv dataclasses datetime decimal difflib email.message email.parser email.policy email.utils
    encodings.ascii encodings.idna encodings.latin_1 enum errno fnmatch fractions functools glob gzip hashlib heapq
    hmac html.parser http.client http.cookies importlib.metadata importlib.resources inspect ipaddress itertools
    json keyword linecache locale logging math mimetypes numbers operator pathlib pickle pkgutil platform pprint
    queue random re secrets shutil ssl statistics string struct tempfile textwrap threading time timeit token
    tokenize tomllib traceback types typing unicodedata urllib.error urllib.parse urllib.request uuid warnings
    weakref xml.etree.ElementTree zipfile zipimport zlib zoneinfo
""".split()
FORMS = (
    "app(environ, start_response), handler(request), handler(ctx), "
    "a function as the value of the last expression, or exec(input)"
)


def prepare():
    sys.setrecursionlimit(1000)  # as elsewhere; 600 is what this build has
    _standard_streams()
    _network.install()
    _zones.install()
    for name in COMMON:
        importlib.import_module(name)
    _rehearsal.rehearse(load_source)
    gc.collect()
    gc.freeze()


def _standard_streams():
    """Standard output is the response: what is printed goes to the log, and there is nothing to read."""
    log = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(2, "w", closefd=False)),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
    sys.stdout = sys.__stdout__ = sys.stderr = sys.__stderr__ = log
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")


def set_environment(variables):
    os.environ._data.clear()
    for variable in variables:
        name, equals, value = variable.partition(b"=")
        if name and equals:
            os.environ._data[name] = value


def load(name, path):
    """Runs the file, and gives what serves its requests. Ends when it cannot."""
    sys.argv = [path]
    beside = _names_beside(path)
    sys.path[:] = ["/", "/site-packages", "/lib", *(f"/{entry}" for entry in beside if entry.endswith(".whl"))]
    _put_own_first(beside)
    try:
        with open(path, "rb") as file:
            serve = load_source(path, file.read())
    except BaseException as error:
        _refuse(path, error)
    sys.stdout.flush()
    gc.collect()
    gc.freeze()
    return serve


def _names_beside(path):
    try:
        return sorted(entry for entry in os.listdir("/") if f"/{entry}" != path)
    except OSError:
        return []


# Python itself has these before it looks at any file.
_FIRST = {
    "abc",
    "codecs",
    "encodings",
    "genericpath",
    "importlib",
    "io",
    "ntpath",
    "os",
    "posixpath",
    "stat",
    "zipimport",
}


def _put_own_first(beside):
    """A module beside the file comes before one of the standard library, as it does where Python runs a script."""
    own = set()
    for entry in beside:
        name = entry.removesuffix(".py")
        if name not in sys.stdlib_module_names or name in _FIRST or name in sys.builtin_module_names:
            continue
        if entry != name or os.path.exists(f"/{name}/__init__.py"):
            own.add(name)
    if not own:
        return
    for name in list(sys.modules):
        if name.partition(".")[0] in own:
            del sys.modules[name]

    class Own:
        def find_spec(name, path=None, target=None):
            return PathFinder.find_spec(name, path, target) if name.partition(".")[0] in own else None

    sys.meta_path.insert(0, Own)


class NoHandler(Exception):
    pass


def load_source(path, source):
    """What serves the requests of a function with that source."""
    tree = ast.parse(source, path)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    name = os.path.basename(path).removesuffix(".py")
    module = types.ModuleType(name if name not in sys.stdlib_module_names else "main")
    module.__file__ = path
    sys.modules[module.__name__] = module
    names = module.__dict__
    exec(compile(tree, path, "exec", dont_inherit=True), names)
    value = eval(compile(last, path, "eval", dont_inherit=True), names) if last is not None else None
    answer, target = _find(names, value)
    return _serve.serve(answer, target)


def _find(names, value):
    """How requests are answered, and by what."""
    for name in ("app", "application"):
        app = names.get(name)
        if callable(app):
            if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(type(app), "__call__", None)):
                raise NoHandler(f"{name} is an ASGI application: mayfly calls WSGI applications, and handler(request)")
            return _serve.wsgi, app
    handler = names.get("handler")
    if callable(handler):
        return _form(handler), handler
    if callable(value):
        return _serve.context, value
    if callable(names.get("exec")):
        return _serve.exec_text, names["exec"]
    raise NoHandler(f"there is no handler: mayfly looks for {FORMS}")


def _form(handler):
    try:
        parameters = list(inspect.signature(handler).parameters.values())
    except (TypeError, ValueError):
        return _serve.request
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    needed = [
        each.name
        for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if len(needed) > 1 or (needed and not positional):
        raise NoHandler(f"handler({', '.join(needed)}) has to take one argument: the request, or ctx")
    if not positional and not any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return _serve.nothing
    return _serve.context if positional and positional[0].name == "ctx" else _serve.request


def _refuse(path, error):
    """FILE:LINE:COLUMN: what is wrong, then the trace."""
    sys.stdout.flush()
    if isinstance(error, SyntaxError) and error.filename:
        place = (error.filename.lstrip("/"), error.lineno or 1, error.offset or 1)
        text = error.msg
    else:
        place = _serve.where(error) or (path.lstrip("/"), 1, 1)
        text = _serve.text_of(error)
    kind = "" if isinstance(error, NoHandler) else type(error).__name__
    print("{}:{}:{}: ".format(*place) + ": ".join(part for part in (kind, text) if part), file=sys.stderr)
    if not isinstance(error, NoHandler):
        error.__traceback__ = _serve._own(error.__traceback__)
        traceback.print_exception(error)
    sys.stderr.flush()
    os._exit(1)
