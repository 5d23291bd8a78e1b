#include <stdio.h>
#include <stdlib.h>

int main(void) {
  const char *name = getenv("name");
  printf("Hello, %s!\n", name && *name ? name : "World");

  unsigned long bytes = 0;
  while (getchar() != EOF) {
    bytes++;
  }
  if (bytes > 0) {
    printf("You sent %lu bytes.\n", bytes);
  }
}
