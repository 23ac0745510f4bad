/*
 * A program for guests under test: answers questions about the machine it runs in, and makes it work.
 * Usage: probe [PROGRAM ARGUMENT...]; the program is started beside it.
 *
 * TCP port 7000, one line per request, one process per connection, answers of one line unless said otherwise:
 *
 *   count             the next of the numbers 1, 2, 3, …; each connection has its own sequence
 *   look              REALTIME_NANOS BOOTTIME_NANOS BOOT_ID
 *   records FILE      no end: appends numbered records of RECORD bytes, each number told once it is fsynced
 *   bytes N           N bytes of a pseudo-random sequence
 *   dirty MIB MICROS  a process of its own writes to every page of MIB MiB again and again, resting MICROS
 *                     after each MiB
 *   call IP PORT      a process of its own connects there, asks for counts and checks the answers
 *   called            how many answers the calls have had so far, and how many calls were broken
 *   pin CPU           a process of its own that may run on no other processor counts turns, five a second
 *   turns             how many turns each processor has had so far, "TURNS TURNS ..." from processor 0 on
 *   hold SEED         fills 1 MiB of memory, which is not touched otherwise, with words that depend on SEED
 *   held SEED         how many of these words are wrong
 *   exit STATUS       the program ends, and the guest with it
 *   reset, off        the machine restarts, or powers off, at once
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 7000
#define RECORD 64
#define HELD_WORDS (1 << 17)
#define CPUS 2
#define TURN_MICROS 200000

struct shared {
  long called;
  long broken;
  int exit_status;
  long turns[CPUS];
};

static struct shared *shared;
static volatile uint64_t *held;

static void end(int signal) {
  (void)signal;
  _exit(shared->exit_status);
}

static int64_t nanos(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void look(FILE *out) {
  char id[64] = "";
  FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
  if (file == NULL || fgets(id, sizeof id, file) == NULL) strcpy(id, "none\n");
  if (file != NULL) fclose(file);
  fprintf(out, "%" PRId64 " %" PRId64 " %s", nanos(CLOCK_REALTIME), nanos(CLOCK_BOOTTIME), id);
}

static void records(FILE *out, const char *name) {
  int file = open(name, O_WRONLY | O_CREAT | O_APPEND, 0644);
  off_t size = lseek(file, 0, SEEK_END);
  if (file < 0 || size % RECORD != 0) {
    fprintf(out, "bad file\n");
    return;
  }
  for (long n = size / RECORD + 1;; n++) {
    char record[RECORD + 1];
    snprintf(record, sizeof record, "%020ld %0*d\n", n, RECORD - 22, 0);
    if (write(file, record, RECORD) != RECORD || fsync(file) != 0) {
      fprintf(out, "failed at %ld\n", n);
      return;
    }
    if (fprintf(out, "%ld\n", n) < 0 || fflush(out) != 0) return;
  }
}

static void bytes(FILE *out, long n) {
  uint64_t state = 88172645463325252u;
  for (long i = 0; i < n; i += 8) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    fwrite(&state, 1, n - i < 8 ? n - i : 8, out);
  }
}

static void dirty(long mebibytes, long micros) {
  size_t size = (size_t)mebibytes << 20;
  char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) _exit(1);
  for (long round = 1;; round++) {
    for (size_t at = 0; at < size; at += 4096) {
      *(long *)(memory + at) = round;
      if (at % (1 << 20) == 0 && micros > 0) usleep(micros);
    }
  }
}

static void pin(FILE *out, long cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  if (cpu >= 0 && cpu < CPUS) CPU_SET(cpu, &only);
  // It is this process that moves there, so that it can tell whether there is such a processor.
  if (sched_setaffinity(0, sizeof only, &only) != 0) {
    fprintf(out, "no such processor\n");
    return;
  }
  if (fork() == 0) {
    for (;; usleep(TURN_MICROS)) {
      if (sched_getcpu() == cpu) __atomic_add_fetch(&shared->turns[cpu], 1, __ATOMIC_SEQ_CST);
    }
  }
  fprintf(out, "ok\n");
}

static void turns(FILE *out) {
  for (int cpu = 0; cpu < CPUS; cpu++) fprintf(out, "%ld%c", shared->turns[cpu], cpu + 1 < CPUS ? ' ' : '\n');
}

static uint64_t held_word(long seed, long i) { return 0x9e3779b97f4a7c15u * (uint64_t)(seed + i + 1); }

static void hold(long seed) {
  for (long i = 0; i < HELD_WORDS; i++) held[i] = held_word(seed, i);
}

static long held_wrong(long seed) {
  long wrong = 0;
  for (long i = 0; i < HELD_WORDS; i++) wrong += held[i] != held_word(seed, i);
  return wrong;
}

static FILE *dial(const char *ip, int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, ip, &to.sin_addr);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
    close(fd);
    return NULL;
  }
  return fdopen(fd, "r");
}

static void call(const char *ip, int port) {
  FILE *peer = dial(ip, port);
  char line[64] = "";
  for (long n = 1; peer != NULL; n++) {
    if (dprintf(fileno(peer), "count\n") < 0) break;
    if (fgets(line, sizeof line, peer) == NULL || atol(line) != n) break;
    __atomic_add_fetch(&shared->called, 1, __ATOMIC_SEQ_CST);
  }
  __atomic_add_fetch(&shared->broken, 1, __ATOMIC_SEQ_CST);
  _exit(1);
}

static void answer(char *line, FILE *out) {
  char word[128] = "";
  long a = 0;
  long b = 0;
  if (strcmp(line, "count") == 0) {
    static long count;
    fprintf(out, "%ld\n", ++count);
  } else if (strcmp(line, "look") == 0) {
    look(out);
  } else if (sscanf(line, "records %127s", word) == 1) {
    records(out, word);
  } else if (sscanf(line, "bytes %ld", &a) == 1) {
    bytes(out, a);
  } else if (sscanf(line, "dirty %ld %ld", &a, &b) == 2) {
    if (fork() == 0) dirty(a, b);
    fprintf(out, "ok\n");
  } else if (sscanf(line, "call %127s %ld", word, &a) == 2) {
    if (fork() == 0) call(word, (int)a);
    fprintf(out, "ok\n");
  } else if (strcmp(line, "called") == 0) {
    fprintf(out, "%ld %ld\n", shared->called, shared->broken);
  } else if (sscanf(line, "pin %ld", &a) == 1) {
    pin(out, a);
  } else if (strcmp(line, "turns") == 0) {
    turns(out);
  } else if (sscanf(line, "hold %ld", &a) == 1) {
    hold(a);
    fprintf(out, "ok\n");
  } else if (sscanf(line, "held %ld", &a) == 1) {
    fprintf(out, "%ld\n", held_wrong(a));
  } else if (sscanf(line, "exit %ld", &a) == 1) {
    shared->exit_status = (int)a;
    kill(getppid(), SIGUSR1);
  } else if (strcmp(line, "reset") == 0) {
    reboot(RB_AUTOBOOT);
  } else if (strcmp(line, "off") == 0) {
    reboot(RB_POWER_OFF);
  } else {
    fprintf(out, "unknown request\n");
  }
}

static void serve(int connection) {
  int on = 1;
  char line[256];
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  FILE *in = fdopen(connection, "r");
  FILE *out = fdopen(dup(connection), "w");
  while (fgets(line, sizeof line, in) != NULL) {
    line[strcspn(line, "\r\n")] = 0;
    answer(line, out);
    if (fflush(out) != 0) break;
  }
  _exit(0);
}

int main(int count, char **arguments) {
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  held = mmap(NULL, HELD_WORDS * sizeof *held, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGUSR1, end);
  if (count > 1 && fork() == 0) {
    signal(SIGPIPE, SIG_DFL);
    execv(arguments[1], arguments + 1);
    perror(arguments[1]);
    _exit(127);
  }
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&any, sizeof any) != 0 || listen(listener, 16) != 0) {
    perror("port 7000");
    return 1;
  }
  printf("probe serves\n");
  fflush(stdout);
  for (;;) {
    int connection = accept(listener, NULL, NULL);
    if (connection < 0) continue;
    if (fork() == 0) serve(connection);
    close(connection);
  }
}
