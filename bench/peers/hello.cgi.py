# The CGI peer in Python: as little as a program can do that answers.
print("Content-Type: text/plain\nContent-Length: 13\n\nHello World!")
