/* Preloaded: this process's time of day is wrong by CLOCK_OFFSET_SECONDS; its other clocks are right. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
  long result = syscall(SYS_clock_gettime, clock, now);
  const char *offset = getenv("CLOCK_OFFSET_SECONDS");
  if (result == 0 && clock == CLOCK_REALTIME && offset != NULL) {
    now->tv_sec += atol(offset);
  }
  return (int)result;
}
