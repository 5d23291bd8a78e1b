#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

static void redirect(void) {
  printf("Location: %s\n\n", variable("SCRIPT_NAME"));
}

static void create(void) {
  puts("Status: 201 Created\nContent-Type: text/plain\nX-Example: cgi-env\n");
  char buffer[4096];
  for (size_t count; (count = fread(buffer, 1, sizeof buffer, stdin)) > 0;) {
    fwrite(buffer, 1, count, stdout);
  }
}

static void show(void) {
  static const char *const names[] = {"REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_HOST"};
  puts("Content-Type: text/plain\nX-Example: cgi-env\n");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    printf("%s=%s\n", names[i], variable(names[i]));
  }
}

int main(void) {
  if (strcmp(variable("PATH_INFO"), "/redirect") == 0) {
    redirect();
  } else if (strcmp(variable("REQUEST_METHOD"), "POST") == 0) {
    create();
  } else {
    show();
  }
}
