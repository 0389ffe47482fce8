#include <cstdio>

int main() {
  std::puts("sdmeta");
  return 0;
}
