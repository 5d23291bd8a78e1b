// The main() of a program that has none, but an exec(): its argument is standard input as text, what it returns is the
// response.
#include <stdio.h>
#include <stdlib.h>

char* exec(const char* input);

int main(int argc, char** argv) {
  size_t size = 0, room = 4096;
  char* input = malloc(room);
  while (input != NULL) {
    size += fread(input + size, 1, room - size, stdin);
    if (size < room) break;
    input = realloc(input, room *= 2);
  }
  if (input == NULL) {
    fputs("there is no memory for the request\n", stderr);
    return 1;
  }
  input[size] = '\0';
  const char* output = exec(input);
  if (output != NULL) fputs(output, stdout);
  return 0;
}
