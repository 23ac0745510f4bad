/*
 * Runs in a lab host, or beside lab hosts that are network namespaces.
 *
 *   serve PORT...                    runs commands for whoever is connected to the virtio ports
 *   leak kernel|process RATE LIMIT   leaks RATE bytes a second up to LIMIT, and holds them until it is killed
 *   delay NANOS FROM TO              makes TAP devices FROM and TO, and what the kernel sends to FROM comes out of TO
 *                                    that much later, in its order, until it is killed; says "ready" when it does
 *
 * Serving, one command at a time on each port. What passes over it:
 *
 *   mark    16 bytes, MARK below, and 16 bytes of the client's choice. From the client: forget all that was, and
 *           answer with the same mark. From us, 16 zero bytes: we have just been started.
 *   frame   type (1 byte), length (4 bytes, big endian, at most 65536), payload
 *             client: 'R' arguments, each ended by NUL: run them    'I' input    'E' end of input    'K' end them
 *                     'P' nothing, but it interrupts a host that sleeps
 *             we:     'O' output    'X' error output    'C' exit code (4 bytes, big endian): the command has ended
 *
 * A client may vanish at any byte, and so may we: a mark is recognised wherever it stands, also inside a frame that
 * was never finished, so the next client never takes the rest of another's conversation for its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 65536
#define ARGUMENTS_MAX 1024
#define HEAD 5
#define DRAIN_MS 100
#define GRACE_MS 3000

static const unsigned char MARK[16] = "\001TARDIGRADE-LAB";

static int port;
static unsigned char input[2 * (FRAME_MAX + HEAD)];
static size_t input_bytes;
static unsigned char recent[32];  /* the last bytes that came, to find a mark in them */
static size_t recent_bytes;

static pid_t child;
static int child_pidfd, child_in, child_out, child_err;
static unsigned char *stdin_at;  /* input of the command that its pipe had no room for */
static size_t stdin_left;
static size_t stdin_frame;       /* bytes of `input` to drop once it is written */

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void sleep_ms(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&t, NULL);
}

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* Writes all, or gives up where nobody is connected any more. */
static int put(const void *bytes, size_t count) {
  const unsigned char *at = bytes;
  while (count > 0) {
    ssize_t n = write(port, at, count);
    if (n > 0) {
      at += n;
      count -= n;
      continue;
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR) return -1;
    struct pollfd p = {port, POLLOUT, 0};
    poll(&p, 1, 1000);
    if (p.revents & POLLHUP) return -1;
  }
  return 0;
}

static int put_frame(char type, const void *payload, uint32_t count) {
  unsigned char head[HEAD] = {type, count >> 24, count >> 16, count >> 8, count};
  return put(head, HEAD) || put(payload, count) ? -1 : 0;
}

static void put_mark(const unsigned char *id) {
  unsigned char bytes[32];
  memcpy(bytes, MARK, 16);
  memcpy(bytes + 16, id, 16);
  put(bytes, sizeof bytes);
}

/* Ends the command with all in its session, and forgets it; returns its wait status. */
static int end_child(void) {
  int status = 0;
  if (child <= 0) return 0;
  kill(-child, SIGTERM);
  int64_t deadline = now_ms() + GRACE_MS;
  pid_t ended;
  while ((ended = waitpid(child, &status, WNOHANG)) == 0 && now_ms() < deadline) sleep_ms(20);
  kill(-child, SIGKILL);
  if (ended == 0) waitpid(child, &status, 0);
  child = 0;
  close_fd(&child_pidfd);
  close_fd(&child_in);
  close_fd(&child_out);
  close_fd(&child_err);
  stdin_left = stdin_frame = 0;
  return status;
}

static void become(char *payload, size_t count) {
  char *arguments[ARGUMENTS_MAX + 1];
  size_t n = 0;
  for (char *at = payload; at < payload + count && n < ARGUMENTS_MAX; at += strlen(at) + 1) arguments[n++] = at;
  arguments[n] = NULL;
  if (n > 0) execvp(arguments[0], arguments);
  fprintf(stderr, "cannot run '%s' in the lab host: %s\n", n > 0 ? arguments[0] : "", strerror(errno));
  _exit(errno == ENOENT ? 127 : 126);
}

static int start(char *payload, size_t count) {
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) return -1;
  payload[count] = 0; /* there is room: the buffer is two frames long */
  child = fork();
  if (child < 0) {
    child = 0;
    return -1;
  }
  if (child == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    become(payload, count);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  child_in = in[1];
  child_out = out[0];
  child_err = err[0];
  fcntl(child_in, F_SETFL, O_NONBLOCK);
  fcntl(child_out, F_SETFL, O_NONBLOCK);
  fcntl(child_err, F_SETFL, O_NONBLOCK);
  child_pidfd = syscall(SYS_pidfd_open, child, 0);
  return 0;
}

static void answer(int status) {
  uint32_t code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  unsigned char bytes[4] = {code >> 24, code >> 16, code >> 8, code};
  put_frame('C', bytes, 4);
}

static void drop_input(size_t count) {
  input_bytes -= count;
  memmove(input, input + count, input_bytes);
}

static void feed_child(void) {
  while (stdin_left > 0) {
    ssize_t n = child_in < 0 ? (ssize_t)stdin_left : write(child_in, stdin_at, stdin_left);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) n = stdin_left; /* nobody reads it any more */
    stdin_at += n;
    stdin_left -= n;
  }
  if (stdin_frame > 0) {
    drop_input(stdin_frame);
    stdin_frame = 0;
  }
}

/* Handles the frames that are complete, up to one whose input the command does not take yet. */
static void handle_frames(void) {
  while (stdin_frame == 0 && input_bytes >= HEAD) {
    uint32_t count = (uint32_t)input[1] << 24 | input[2] << 16 | input[3] << 8 | input[4];
    if (count > FRAME_MAX) { /* no frame: all is forgotten until the next mark */
      input_bytes = 0;
      return;
    }
    if (input_bytes < HEAD + count) return;
    char type = input[0];
    if (type == 'R' && child == 0) {
      unsigned char after = input[HEAD + count];
      if (start((char *)input + HEAD, count) != 0) answer(126 << 8);
      input[HEAD + count] = after;
    } else if (type == 'I' && child > 0) {
      stdin_at = input + HEAD;
      stdin_left = count;
      stdin_frame = HEAD + count;
      feed_child();
      continue;
    } else if (type == 'E') {
      close_fd(&child_in);
    } else if (type == 'K' && child > 0) {
      answer(end_child());
    }
    drop_input(HEAD + count);
  }
}

static void begin_session(void) {
  end_child();
  input_bytes = 0;
  put_mark(recent + 16);
  recent_bytes = 0;
}

/* Takes what has come; returns 0 where nobody is connected. */
static int take_input(void) {
  unsigned char chunk[4096];
  size_t room = sizeof input - 1 - input_bytes;
  ssize_t n = read(port, chunk, room < sizeof chunk ? room : sizeof chunk);
  if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR);
  for (ssize_t i = 0; i < n; i++) {
    if (recent_bytes == sizeof recent) {
      memmove(recent, recent + 1, sizeof recent - 1);
      recent_bytes--;
    }
    recent[recent_bytes++] = chunk[i];
    input[input_bytes++] = chunk[i];
    if (recent_bytes == sizeof recent && memcmp(recent, MARK, 16) == 0) begin_session();
  }
  return 1;
}

/* Passes on what one pipe holds; returns 0 at its end. */
static int pass_on(int fd, char type) {
  static unsigned char bytes[FRAME_MAX];
  ssize_t n = read(fd, bytes, sizeof bytes);
  if (n > 0) return put_frame(type, bytes, n) == 0;
  return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Somebody else may hold the pipes open for ever: what comes shortly after the end is still the command's. */
static void finish_child(void) {
  int64_t deadline = now_ms() + DRAIN_MS;
  while ((child_out >= 0 || child_err >= 0) && now_ms() < deadline) {
    struct pollfd p[2] = {{child_out, POLLIN, 0}, {child_err, POLLIN, 0}};
    if (poll(p, 2, DRAIN_MS / 2) <= 0) break;
    if (p[0].revents && !pass_on(child_out, 'O')) close_fd(&child_out);
    if (p[1].revents && !pass_on(child_err, 'X')) close_fd(&child_err);
  }
  int status = 0;
  waitpid(child, &status, 0);
  child = 0;
  close_fd(&child_pidfd);
  close_fd(&child_in);
  close_fd(&child_out);
  close_fd(&child_err);
  if (stdin_frame > 0) drop_input(stdin_frame);
  stdin_left = stdin_frame = 0;
  answer(status);
}

static void wait_for_client(void) {
  sigset_t io;
  sigemptyset(&io);
  sigaddset(&io, SIGIO);
  struct timespec second = {1, 0};
  sigtimedwait(&io, NULL, &second);
}

static void serve(const char *path) {
  port = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (port < 0) {
    perror(path);
    exit(1);
  }
  child_pidfd = child_in = child_out = child_err = -1;
  sigset_t io;
  sigemptyset(&io);
  sigaddset(&io, SIGIO);
  sigprocmask(SIG_BLOCK, &io, NULL);
  signal(SIGPIPE, SIG_IGN);
  fcntl(port, F_SETOWN, getpid());
  fcntl(port, F_SETFL, O_NONBLOCK | O_ASYNC);
  unsigned char nobody[16] = {0};
  struct pollfd connected = {port, POLLOUT, 0};
  poll(&connected, 1, 0);
  if (!(connected.revents & POLLHUP)) put_mark(nobody);
  for (;;) {
    int room = input_bytes < sizeof input - 1;
    struct pollfd p[5] = {{port, room ? POLLIN : 0, 0},
                          {child_pidfd, POLLIN, 0},
                          {child_out, POLLIN, 0},
                          {child_err, POLLIN, 0},
                          {stdin_left > 0 ? child_in : -1, POLLOUT, 0}};
    if (poll(p, 5, -1) < 0) continue;
    if (p[0].revents & POLLHUP) {
      end_child();
      input_bytes = recent_bytes = 0;
      wait_for_client();
      continue;
    }
    if (p[0].revents & POLLIN) take_input();
    if (child > 0 && p[2].revents && child_out >= 0 && !pass_on(child_out, 'O')) close_fd(&child_out);
    if (child > 0 && p[3].revents && child_err >= 0 && !pass_on(child_err, 'X')) close_fd(&child_err);
    if (child > 0 && p[4].revents) feed_child();
    if (child > 0 && p[1].revents) finish_child();
    handle_frames();
  }
}

/* Unreclaimable slab: small datagrams that nobody reads. Returns what one call has taken, 0 where no more is had. */
static size_t leak_kernel(void) {
  static const char message[3500];
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair)) return 0;
  size_t taken = 0;
  while (send(pair[0], message, sizeof message, MSG_NOSIGNAL) == sizeof message) taken += 4096;
  return taken;
}

static size_t leak_process(void) {
  size_t count = 1 << 20;
  char *memory = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 0;
  for (size_t at = 0; at < count; at += 4096) memory[at] = 1;
  return count;
}

static int leak(const char *kind, const char *rate_text, const char *limit_text) {
  int kernel = strcmp(kind, "kernel") == 0;
  unsigned long long rate = strtoull(rate_text, NULL, 10), limit = strtoull(limit_text, NULL, 10), held = 0;
  if (rate == 0 || (!kernel && strcmp(kind, "process") != 0)) return 2;
  struct rlimit files = {1 << 20, 1 << 20};
  setrlimit(RLIMIT_NOFILE, &files);
  int64_t begun = now_ms();
  while (held < limit) {
    size_t taken = kernel ? leak_kernel() : leak_process();
    if (taken == 0) {
      perror("the leak ends early");
      break;
    }
    held += taken;
    int64_t due = begun + (int64_t)(held / (rate / 1000 + 1));
    if (due > now_ms()) sleep_ms(due - now_ms());
  }
  printf("holding %llu bytes\n", held);
  fflush(stdout);
  for (;;) pause();
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* A TAP device that is up; it goes when this process does. */
static int make_tap(const char *name) {
  struct ifreq request = {0};
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request)) return -1;
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  request.ifr_flags = IFF_UP;
  if (control < 0 || ioctl(control, SIOCSIFFLAGS, &request)) return -1;
  close(control);
  return fd;
}

#define LINE_BYTES (64u << 20) /* what is on its way at most: 64 ms of 1 GB/s; more is lost, as in any queue */
#define LINE_FRAME_MAX 9216
#define LINE_FRAMES 65536u

/* Frames lie one after the other in a ring; none is cut in two: what is left at its end is passed over. */
static int delay(const char *nanos_text, const char *from_name, const char *to_name) {
  static struct { int64_t due; uint32_t at, bytes; } frames[LINE_FRAMES];
  int64_t nanos = strtoll(nanos_text, NULL, 10);
  unsigned char *ring = mmap(NULL, LINE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int from = make_tap(from_name), to = make_tap(to_name);
  if (ring == MAP_FAILED || from < 0 || to < 0) {
    perror("cannot delay");
    return 1;
  }
  prctl(PR_SET_TIMERSLACK, 1);
  setpriority(PRIO_PROCESS, 0, -20);
  puts("ready");
  fflush(stdout);
  uint32_t head = 0, tail = 0, at = 0; /* frames tail … head - 1 are on their way, the next will lie at `at` */
  for (;;) {
    int64_t now = now_ns(), left = tail == head ? -1 : frames[tail % LINE_FRAMES].due - now;
    while (tail != head && left <= 0) {
      ssize_t _ = write(to, ring + frames[tail % LINE_FRAMES].at, frames[tail % LINE_FRAMES].bytes);
      (void)_; /* a frame that is not taken is lost */
      tail++;
      left = tail == head ? -1 : frames[tail % LINE_FRAMES].due - now;
    }
    struct pollfd ready = {from, POLLIN, 0};
    struct timespec wait = {left / 1000000000, left % 1000000000};
    if (ppoll(&ready, 1, tail == head ? NULL : &wait, NULL) <= 0) continue;
    for (int i = 0; i < 64; i++) {
      if (at + LINE_FRAME_MAX > LINE_BYTES) at = 0;
      uint32_t oldest = frames[tail % LINE_FRAMES].at;
      int full = head - tail == LINE_FRAMES || (tail != head && oldest >= at && oldest - at < LINE_FRAME_MAX);
      static unsigned char lost[LINE_FRAME_MAX];
      ssize_t n = read(from, full ? lost : ring + at, LINE_FRAME_MAX);
      if (n < 0 && errno != EAGAIN && errno != EINTR && errno != EIO) return 1;
      if (n <= 0) break;
      if (full) continue;
      frames[head % LINE_FRAMES].due = now_ns() + nanos;
      frames[head % LINE_FRAMES].at = at;
      frames[head % LINE_FRAMES].bytes = n;
      head++;
      at += n;
    }
  }
}

int main(int count, char **arguments) {
  if (count == 5 && strcmp(arguments[1], "delay") == 0) return delay(arguments[2], arguments[3], arguments[4]);
  if (count == 5 && strcmp(arguments[1], "leak") == 0) return leak(arguments[2], arguments[3], arguments[4]);
  if (count < 3 || strcmp(arguments[1], "serve") != 0) {
    fprintf(stderr, "usage: %s serve PORT... | leak kernel|process RATE LIMIT | delay NANOS FROM TO\n", arguments[0]);
    return 2;
  }
  for (int i = 2; i < count; i++) {
    if (fork() == 0) serve(arguments[i]);
  }
  while (wait(NULL) > 0 || errno == EINTR) {
  }
  return 1;
}
