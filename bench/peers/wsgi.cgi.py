
# Behind a WSGI application, app(), a CGI program of it. wsgiref does the same, and takes longer to import.
import os
import sys


def start_response(status, headers):
    lines = [f"Status: {status}", *(f"{name}: {value}" for name, value in headers), "", ""]
    sys.stdout.buffer.write("\r\n".join(lines).encode())


sys.stdout.buffer.writelines(app({**os.environ, "wsgi.input": sys.stdin.buffer}, start_response))  # noqa: F821
