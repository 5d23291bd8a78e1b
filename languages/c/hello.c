#include <stdio.h>
#include <stdlib.h>

int main(void) {
  const char* name = getenv("name");
  printf("Hello, %s!\n", name ? name : "world");
}
