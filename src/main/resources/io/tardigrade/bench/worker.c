// What the benchmark runs in its guests: does a given amount of work when told so over TCP, sleeps otherwise.
//
// Its argument is how many pages "d" goes round in, an even number.
//
//   request   "d N\n"   write to N distinct pages, no two of them neighbours
//             "g N\n"   take N more pages into use, and keep them
//             "s N\n"   compute N units
//   answer    "ok\n"    when that is done; requests of several clients one after the other
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 7000, PAGE_BYTES = 4096, POOL_PAGES_DEFAULT = 8192, CLIENTS_MAX = 16, UNIT_STEPS = 1000000 };

static char *pool;
static uint64_t pool_pages = POOL_PAGES_DEFAULT;

static char *take_pages(uint64_t pages) {
  char *first = mmap(NULL, pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (first == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  for (uint64_t page = 0; page < pages; page++) first[page * PAGE_BYTES] = 1;
  return first;
}

// Every other page, going on where the last call ended: what is dirty does not merge into few long runs.
static void dirty(uint64_t pages) {
  static uint64_t next;
  static char value;
  value++;
  for (uint64_t i = 0; i < pages; i++) {
    pool[next * PAGE_BYTES] = value;
    next = (next + 2) % pool_pages;
  }
}

static void compute(uint64_t units) {
  static volatile uint64_t result;
  uint64_t x = result + 1;
  for (uint64_t step = 0; step < units * UNIT_STEPS; step++) x = x * 6364136223846793005u + 1442695040888963407u;
  result = x;
}

// Answers one request; 0 where the client is gone.
static int serve(FILE *client) {
  char line[64];
  if (!fgets(line, sizeof line, client)) return 0;
  uint64_t amount = strtoull(line + 1, NULL, 10);
  if (line[0] == 'd') dirty(amount);
  if (line[0] == 'g') take_pages(amount);
  if (line[0] == 's') compute(amount);
  return write(fileno(client), "ok\n", 3) == 3;
}

// A client more than there is room for takes the place of the one that came first.
static void admit(int listener, struct pollfd *waiting, FILE **clients) {
  static int oldest;
  int one = 1, place = 0, fd = accept(listener, NULL, NULL);
  if (fd < 0) return;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  while (place < CLIENTS_MAX && clients[place]) place++;
  if (place == CLIENTS_MAX) {
    place = oldest++ % CLIENTS_MAX;
    fclose(clients[place]);
  }
  clients[place] = fdopen(fd, "r");
  waiting[place].fd = fd;
}

int main(int argc, char **argv) {
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(PORT)};
  FILE *clients[CLIENTS_MAX] = {0};
  struct pollfd waiting[CLIENTS_MAX + 1];
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 8)) {
    perror("listen");
    return 1;
  }
  if (argc > 1) pool_pages = strtoull(argv[1], NULL, 10);
  pool = take_pages(pool_pages);
  for (int i = 0; i <= CLIENTS_MAX; i++) waiting[i] = (struct pollfd){.fd = -1, .events = POLLIN};
  waiting[CLIENTS_MAX].fd = listener;
  for (;;) {
    if (poll(waiting, CLIENTS_MAX + 1, -1) <= 0) continue;
    for (int i = 0; i < CLIENTS_MAX; i++) {
      if (!waiting[i].revents || serve(clients[i])) continue;
      fclose(clients[i]);
      clients[i] = NULL;
      waiting[i].fd = -1;
    }
    if (waiting[CLIENTS_MAX].revents) admit(listener, waiting, clients);
  }
}
