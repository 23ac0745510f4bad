package io.tardigrade.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.monitor.ServiceHealth.Health;
import io.tardigrade.monitor.ServiceSample.State;
import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class DetectorTest {
  private static final long MINUTE = 60_000;
  private static final ServiceId GUARDIAN = ServiceId.guardian("kv");
  private static final long MIB = 1 << 20;

  private static ServiceSample service(State state, long answered, long latency, long memory) {
    return new ServiceSample(GUARDIAN, state, 17, answered, latency, memory, 768 * MIB, "");
  }

  @Test
  void silenceIsHangingOnlyAfterTheDeadline() {
    HeartbeatDetector detector = new HeartbeatDetector();
    for (long now = 0; now <= 12_000; now += 1000) {
      Health health =
          detector
              .sample(now, List.of(service(State.RUNNING, 0, 1, 0)), new ArrayList<>())
              .getFirst()
              .health();
      assertThat(health)
          .as("at %d", now)
          .isEqualTo(now < HeartbeatDetector.HUNG_MILLIS ? Health.HEALTHY : Health.HUNG);
    }
  }

  @Test
  void aWatcherThatStoodStillBlamesNobody() {
    HeartbeatDetector detector = new HeartbeatDetector();
    ServiceSample silent = service(State.RUNNING, 0, 1, 0);
    detector.sample(1000, List.of(silent), new ArrayList<>());
    assertThat(detector.sample(300_000, List.of(silent), new ArrayList<>()).getFirst().health())
        .isEqualTo(Health.HEALTHY);
    for (long now = 301_000; now < 312_000; now += 1000) {
      detector.sample(now, List.of(silent), new ArrayList<>());
    }
    assertThat(detector.sample(312_000, List.of(silent), new ArrayList<>()).getFirst().health())
        .isEqualTo(Health.HUNG);
  }

  @Test
  void endedAndStuckServicesAreToldApart() {
    HeartbeatDetector detector = new HeartbeatDetector();
    assertThat(
            detector
                .sample(
                    0,
                    List.of(service(State.ENDED, 0, 0, 0), service(State.STUCK, 0, 0, 0)),
                    new ArrayList<>())
                .stream()
                .map(ServiceHealth::health))
        .containsExactly(Health.FAILED, Health.STUCK);
  }

  @Test
  void slowAnswersAreANoticeAfterFiveInARow() {
    HeartbeatDetector detector = new HeartbeatDetector();
    List<Signal> signals = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      detector.sample(i * 1000, List.of(service(State.RUNNING, i * 1000, 900, 0)), signals);
    }
    // The same answer looked at again is no further slow answer.
    detector.sample(4500, List.of(service(State.RUNNING, 4000, 900, 0)), signals);
    assertThat(signals).isEmpty();
    detector.sample(5000, List.of(service(State.RUNNING, 5000, 900, 0)), signals);
    assertThat(signals).extracting(Signal::kind).containsExactly(Kind.SLOW_ANSWERS);
    signals.clear();
    detector.sample(6000, List.of(service(State.RUNNING, 6000, 3, 0)), signals);
    assertThat(signals).isEmpty();
  }

  @Test
  void aServiceBeyondItsBudgetIsToldAtOnceAndALeakingOneBefore() {
    ProcessMemoryDetector detector = new ProcessMemoryDetector();
    assertThat(detector.sample(0, service(State.RUNNING, 0, 0, 800 * MIB)).severity())
        .isEqualTo(Severity.CRITICAL);
    ProcessMemoryDetector other = new ProcessMemoryDetector();
    Signal first = null;
    long at = 0;
    for (long second = 0; second < 7200 && first == null; second += 5) {
      long memory = 200 * MIB + second * MIB / 8;
      first = other.sample(second * 1000, service(State.RUNNING, 0, 0, memory));
      at = memory;
    }
    assertThat(first).isNotNull();
    assertThat(first.severity()).isEqualTo(Severity.WARNING);
    assertThat(first.service()).isEqualTo(GUARDIAN);
    assertThat(at).isLessThan(768 * MIB);
  }

  @Test
  void aSawtoothOfGarbageCollectionIsNoLeak() {
    ProcessMemoryDetector detector = new ProcessMemoryDetector();
    for (long second = 0; second < 24 * 3600; second += 5) {
      long memory = (300 + second % 900 * 400 / 900) * MIB;
      assertThat(detector.sample(second * 1000, service(State.RUNNING, 0, 0, memory)))
          .as("at %d s", second)
          .isNull();
    }
  }

  private static HostSample pressed(long now, double memoryFull, double cpuSome) {
    return new HostSample(
        now,
        now,
        null,
        pressure(cpuSome, 0),
        pressure(memoryFull, memoryFull),
        pressure(0, 0),
        List.of(),
        OptionalLong.empty(),
        List.of(),
        List.of(),
        List.of());
  }

  private static Pressure pressure(double some, double full) {
    return new Pressure(
        new Pressure.Stall(some, some, some, 0), new Pressure.Stall(full, full, full, 0));
  }

  @Test
  void onlyLastingPressureIsTold() {
    PressureDetector detector = new PressureDetector();
    for (long now = 0; now < PressureDetector.MEMORY_MILLIS; now += 5000) {
      assertThat(detector.sample(pressed(now, 90, 0))).isEmpty();
    }
    assertThat(detector.sample(pressed(PressureDetector.MEMORY_MILLIS, 90, 0)))
        .extracting(Signal::severity)
        .containsExactly(Severity.CRITICAL);
    assertThat(detector.sample(pressed(PressureDetector.MEMORY_MILLIS + 5000, 1, 0))).isEmpty();
  }

  @Test
  void aHostWhoseProcessorsAreFullIsANoticeAtMost() {
    PressureDetector detector = new PressureDetector();
    for (long now = 0; now < 20 * MINUTE; now += 5000) {
      assertThat(detector.sample(pressed(now, 0, 100)))
          .allMatch(signal -> signal.severity() == Severity.NOTICE);
    }
  }

  @Test
  void correctedErrorsAreCountedByModuleAndDay() {
    MemoryErrorDetector detector = new MemoryErrorDetector();
    assertThat(detector.sample(0, List.of(new EdacCount("A1", 9, 0), new EdacCount("B1", 9, 0))))
        .isEmpty();
    assertThat(detector.sample(MINUTE, List.of(new EdacCount("A1", 10, 0))))
        .extracting(Signal::subject, Signal::severity)
        .containsExactly(org.assertj.core.groups.Tuple.tuple("A1", Severity.WARNING));
    assertThat(detector.sample(MINUTE + MemoryErrorDetector.WINDOW_MILLIS, List.of())).isEmpty();
  }

  @Test
  void aStormOfCorrectedErrorsIsCritical() {
    MemoryErrorDetector detector = new MemoryErrorDetector();
    // What was there at the first look came at an unknown pace.
    assertThat(detector.sample(0, List.of(new EdacCount("A1", 5000, 0))).getFirst().severity())
        .isEqualTo(Severity.WARNING);
    assertThat(detector.sample(MINUTE, List.of(new EdacCount("A1", 5100, 0))).getFirst().severity())
        .isEqualTo(Severity.CRITICAL);
  }

  @Test
  void anUncorrectedErrorIsToldAndACounterThatWasResetIsNot() {
    MemoryErrorDetector detector = new MemoryErrorDetector();
    assertThat(detector.sample(0, List.of(new EdacCount("A1", 8, 0)))).isEmpty();
    assertThat(detector.sample(1, List.of(new EdacCount("A1", 0, 0)))).isEmpty();
    assertThat(detector.sample(2, List.of(new EdacCount("A1", 0, 1))))
        .extracting(Signal::kind)
        .containsExactly(Kind.UNCORRECTED_MEMORY_ERROR);
  }

  private static List<Signal> disk(DiskDetector detector, long now, long free) {
    return detector.sample(now, List.of(new DiskSample("/d", 100L << 30, free, 0, "")));
  }

  @Test
  void aDiskIsToldWhenLittleIsLeft() {
    DiskDetector detector = new DiskDetector();
    assertThat(disk(detector, 0, 60L << 30)).isEmpty();
    assertThat(disk(detector, 1, 1L << 30))
        .extracting(Signal::severity)
        .containsExactly(Severity.WARNING);
    assertThat(disk(detector, 2, 100 * MIB))
        .extracting(Signal::severity)
        .containsExactly(Severity.CRITICAL);
  }

  @Test
  void aDiskThatFillsUpIsToldHoursBefore() {
    DiskDetector detector = new DiskDetector();
    long free = 40L << 30;
    for (long minute = 0; free > 0; minute++) {
      free -= 200 * MIB;
      List<Signal> signals = disk(detector, minute * MINUTE, free);
      if (!signals.isEmpty()) {
        assertThat(signals.getFirst().sentence()).contains("is full in");
        assertThat(free).isGreaterThan(20L << 30);
        return;
      }
    }
    throw new AssertionError("it was never told");
  }

  @Test
  void aSmallDiskThatIsNearlyFreeIsFine() {
    assertThat(
            new DiskDetector()
                .sample(0, List.of(new DiskSample("/s", 64 * MIB, 60 * MIB, 0, "running"))))
        .isEmpty();
  }

  @Test
  void aDiskThatFailsOrCountsErrorsIsTold() {
    DiskDetector detector = new DiskDetector();
    assertThat(detector.sample(0, List.of(new DiskSample("nvme0", 0, 0, 0, "dead"))))
        .extracting(Signal::severity)
        .containsExactly(Severity.CRITICAL);
    DiskDetector counting = new DiskDetector();
    assertThat(counting.sample(0, List.of(new DiskSample("sda", 0, 0, 7, "running")))).isEmpty();
    assertThat(counting.sample(1, List.of(new DiskSample("sda", 0, 0, 9, "running"))))
        .extracting(Signal::sentence)
        .containsExactly("sda counted 2 errors within 24.0 h");
  }

  @Test
  void slewingIsNoJumpAndSettingIs() {
    ClockDetector detector = new ClockDetector();
    long unix = 1_000_000;
    for (long now = 0; now < 3_600_000; now += 1000) {
      unix += 1000 + now / 1000 % 2;
      assertThat(detector.sample(now, unix)).isNull();
    }
    Signal forward = detector.sample(3_601_000, unix + 1000 + 2_000);
    assertThat(forward).isNotNull();
    assertThat(forward.severity()).isEqualTo(Severity.NOTICE);
    Signal back = detector.sample(3_602_000, unix - 7_200_000);
    assertThat(back.severity()).isEqualTo(Severity.WARNING);
    assertThat(back.sentence()).contains("back by 2.0 h");
    assertThat(
            detector.sample(
                3_602_000 + ClockDetector.SHOWN_MILLIS,
                unix - 7_200_000 + ClockDetector.SHOWN_MILLIS))
        .isNull();
  }
}
