/*
 * Runs inside a guest. A guest's time stands still while it is paused for a checkpoint or being resumed, so the guardian
 * tells it the real time now and then, over a virtio port that is this program's stdin and stdout, with the command
 * guest-set-time of the QEMU guest agent's protocol: one JSON object a line. The clock is only ever stepped forward.
 *
 * Without a C library, so that it costs an initramfs a few kilobytes.
 */
#include <asm/unistd.h>
#include <stdint.h>

#define CLOCK_REALTIME 0
#define STEP_NANOS_MIN 1000000

struct timespec64 {
  int64_t seconds, nanos;
};

static long call3(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return result;
}

static void pause_millis(long millis) {
  struct timespec64 time = {millis / 1000, millis % 1000 * 1000000};
  call3(__NR_nanosleep, (long)&time, 0, 0);
}

static void set_clock(int64_t wanted) {
  struct timespec64 now;
  call3(__NR_clock_gettime, CLOCK_REALTIME, (long)&now, 0);
  if (wanted - (now.seconds * 1000000000 + now.nanos) < STEP_NANOS_MIN) return;
  now.seconds = wanted / 1000000000;
  now.nanos = wanted % 1000000000;
  call3(__NR_clock_settime, CLOCK_REALTIME, (long)&now, 0);
}

/* The number after "time": in a guest-set-time command, or -1. */
static int64_t wanted_time(const char *line, int length) {
  static const char command[] = "guest-set-time", key[] = "\"time\":";
  int matched = 0, found = 0;
  for (int i = 0; i < length; i++) {
    const char *text = found ? key : command;
    matched = line[i] == text[matched] ? matched + 1 : line[i] == text[0];
    if (text[matched]) continue;
    if (!found) {
      found = 1;
      matched = 0;
      continue;
    }
    uint64_t value = 0;
    int digits = 0;
    while (++i < length && line[i] >= '0' && line[i] <= '9' && digits++ < 19) value = value * 10 + (uint64_t)(line[i] - '0');
    return digits ? (int64_t)value : -1;
  }
  return -1;
}

static void answer(const char *line, int length) {
  static const char done[] = "{\"return\":{}}\n", refused[] = "{\"error\":{\"desc\":\"unknown\"}}\n";
  int64_t wanted = wanted_time(line, length);
  if (wanted >= 0) set_clock(wanted);
  call3(__NR_write, 1, (long)(wanted >= 0 ? done : refused), (wanted >= 0 ? sizeof done : sizeof refused) - 1);
}

void _start(void) {
  char line[256];
  int length = 0;
  for (;;) {
    /* 0 while no guardian is connected, an error while a resumed guest's port is being opened again. */
    if (call3(__NR_read, 0, (long)(line + length), 1) != 1) {
      pause_millis(200);
    } else if (line[length] == '\n') {
      answer(line, length);
      length = 0;
    } else if (++length == sizeof line) {
      length = 0;
    }
  }
}
