"""Functions from source for measuring, in functions/: a hello in each language, and copies that answer differently."""

import pathlib

FUNCTIONS = pathlib.Path(__file__).resolve().parent / "functions"
HELLO = "Hello World!\n"

# language -> (its name for people, what its files end with)
LANGUAGES = {"js": ("JavaScript", ".js"), "ts": ("TypeScript", ".ts"), "python": ("Python", ".py"), "ruby": ("Ruby", ".rb"),
             "lua": ("Lua", ".lua"), "go": ("Go", ".go"), "php": ("PHP", ".php"), "prolog": ("Prolog", ".pro")}


def title(language):
    return LANGUAGES[language][0]


def path(function, language):
    return FUNCTIONS / (function + LANGUAGES[language][1])


def answer(number):
    """What the copy of this number answers."""
    return HELLO.replace("World", str(number))


def distinct(language, number):
    """The hello with another text: another function, and another artefact for every cache."""
    return path("hello", language).read_text().replace("World", str(number)).encode()


def query(language, more=""):
    return f"?language={language}" + (f"&{more}" if more else "")
