/* Stands for a hypervisor: maps the file named as argument privately and writes the pages it is told on stdin. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int count, char **arguments) {
  int fd = count > 1 ? open(arguments[1], O_RDWR) : -1;
  struct stat file;
  if (fd < 0 || fstat(fd, &file) != 0) return 1;
  volatile char *ram = mmap(NULL, file.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  if (ram == MAP_FAILED) return 1;
  puts("ready");
  fflush(stdout);
  char command;
  long page;
  int value;
  while (scanf(" %c %ld %d", &command, &page, &value) == 3) {
    if (command == 'w') ram[page * 4096 + value % 4096] = (char)value;
    if (command == 'r') value = ram[page * 4096];
    if (command == 's') {
      puts("done");
      fflush(stdout);
    }
  }
  return 0;
}
