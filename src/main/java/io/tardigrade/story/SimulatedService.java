package io.tardigrade.story;

import io.tardigrade.monitor.ServiceId;
import io.tardigrade.monitor.ServiceSample;
import io.tardigrade.monitor.ServiceSample.State;

/** A service of the simulated host. Times are uptimes. */
final class SimulatedService {
  private static final long START_BYTES = 200L << 20;
  private static final long BUDGET_BYTES = 768L << 20;

  /** How long a service in a crash loop lives. */
  private static final long LIFE_MILLIS = 3_000;

  private static final int LATENCY_MILLIS = 2;

  final ServiceId id;
  private long pid;
  private State state = State.RUNNING;
  private boolean answers = true;
  private String detail = "";
  private long startedMillis;
  private long answeredMillis;
  private double leakPerSecond;
  private double leakedBytes;
  private boolean crashes;

  SimulatedService(ServiceId id, long pid, long nowMillis) {
    this.id = id;
    start(pid, nowMillis);
  }

  /** Starts it, as a new process; what made it leak or crash is still there. */
  void start(long newPid, long nowMillis) {
    pid = newPid;
    state = State.RUNNING;
    answers = true;
    detail = "";
    startedMillis = nowMillis;
    answeredMillis = nowMillis;
    leakedBytes = 0;
  }

  void end(String how) {
    state = State.ENDED;
    detail = how;
  }

  void hang() {
    answers = false;
  }

  void stick() {
    state = State.STUCK;
  }

  boolean isStuck() {
    return state == State.STUCK;
  }

  boolean isRunning() {
    return state == State.RUNNING;
  }

  void leak(double bytesPerSecond) {
    leakPerSecond = bytesPerSecond;
  }

  void crashLoop(boolean on) {
    crashes = on;
    if (on) {
      end("its process was ended by signal 11");
    }
  }

  long pid() {
    return pid;
  }

  void pass(long nowMillis, long millis) {
    leakedBytes += leakPerSecond * millis / 1000;
    if (crashes && state == State.RUNNING && nowMillis - startedMillis >= LIFE_MILLIS) {
      end("its process was ended by signal 11");
    }
    if (state == State.RUNNING && answers) {
      answeredMillis = nowMillis;
    }
  }

  long bytes() {
    return state == State.ENDED ? 0 : START_BYTES + (long) leakedBytes;
  }

  ServiceSample sample() {
    return new ServiceSample(
        id,
        state,
        state == State.ENDED ? 0 : pid,
        answeredMillis,
        LATENCY_MILLIS,
        bytes(),
        BUDGET_BYTES,
        detail);
  }
}
