package io.tardigrade.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.monitor.Signal.Kind;
import io.tardigrade.monitor.Signal.Severity;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelLogTest {
  private static final long HOUR = 3_600_000;

  private final KernelLogDetector detector = new KernelLogDetector();

  static KernelRecord record(long uptimeMillis, String text) {
    return new KernelRecord(4, 0, 1, uptimeMillis * 1000, text);
  }

  private List<Signal> sample(long now, KernelRecord... records) {
    return detector.sample(now, List.of(records), OptionalLong.empty(), List.of());
  }

  @Test
  void aRecordHasItsFields() throws UnreadableException {
    KernelRecord record =
        KernelRecord.parse("30,3916,7449902372,-,caller=T1;eth0: up\\x0anow\n SUBSYSTEM=net\n");
    assertThat(record).isEqualTo(new KernelRecord(6, 3, 3916, 7449902372L, "eth0: up\\x0anow"));
    assertThat(record.isOfKernel()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ";", "6,1,2;no flags", "6,-1,2,-;x", "x,1,2,-;y", "6,1,2,-"})
  void whatIsNoRecordIsRefused(String text) {
    assertThatThrownBy(() -> KernelRecord.parse(text))
        .isInstanceOf(UnreadableException.class)
        .hasMessageContaining("/dev/kmsg");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PANIC|Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
        "OOPS|BUG: kernel NULL pointer dereference, address: 0000000000000008",
        "OOPS|BUG: unable to handle page fault for address: ffffc90000a57000",
        "OOPS|Oops: 0002 [#1] PREEMPT SMP NOPTI",
        "OOPS|Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1]",
        "OOPS|general protection fault, probably for non-canonical address 0xdead0000: 0000 [#1] SMP",
        "OOPS|invalid opcode: 0000 [#1] SMP PTI",
        "OOPS|kernel BUG at mm/slub.c:4087!",
        "CORRUPTION|BUG: Bad page state in process kworker/0:1  pfn:1a2b3",
        "CORRUPTION|list_del corruption. prev->next should be ffff, but was dead",
        "WARNING|WARNING: CPU: 1 PID: 311 at net/core/dev.c:3000 skb_warn_bad_offload+0x10/0x20",
        "HARD_LOCKUP|watchdog: Watchdog detected hard LOCKUP on cpu 1",
        "HARD_LOCKUP|NMI watchdog: Watchdog detected hard LOCKUP on cpu 1",
        "SOFT_LOCKUP|watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:2:311]",
        "SOFT_LOCKUP|rcu: INFO: rcu_preempt self-detected stall on CPU",
        "SOFT_LOCKUP|rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
        "SOFT_LOCKUP|BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 33s!",
        "HUNG_TASK|INFO: task qemu-system-x86:1002 blocked for more than 120 seconds.",
        "OUT_OF_MEMORY|Out of memory: Killed process 4711 (java) total-vm:1kB, anon-rss:1kB",
        "IO_ERROR|blk_update_request: I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x0",
        "IO_ERROR|I/O error, dev nvme0n1, sector 2048 op 0x0:(READ) flags 0x0 phys_seg 1",
        "IO_ERROR|critical medium error, dev sda, sector 1234 op 0x0:(READ)",
        "IO_ERROR|Buffer I/O error on dev sda1, logical block 0, lost async page write",
        "IO_ERROR|nvme nvme0: I/O 12 QID 3 timeout, aborting",
        "IO_ERROR|nvme nvme0: I/O tag 12 (100c) opcode 0x2 (I/O Cmd) QID 3 timeout, aborting",
        "FILE_SYSTEM_ERROR|EXT4-fs error (device sda1): ext4_find_entry:1683: inode #2: comm ls:",
        "FILE_SYSTEM_ERROR|EXT4-fs (sda1): Remounting filesystem read-only",
        "FILE_SYSTEM_ERROR|XFS (dm-0): Metadata corruption detected at xfs_agf_verify+0x10/0x20",
        "MACHINE_CHECK|mce: [Hardware Error]: CPU 1: Machine Check Exception: 5 Bank 5: b200",
        "MACHINE_CHECK|mce: [Hardware Error]: Machine check events logged",
        "PAGE_LOST|Memory failure: 0x1a2b3: Sending SIGBUS to qemu-system-x86:1002 due to hardware",
        "PAGE_ISOLATED|Memory failure: 0x1a2b3: recovery action for clean LRU page: Recovered",
        "PAGE_KEPT|Memory failure: 0x1a2b3: recovery action for reserved kernel page: Ignored",
      })
  void whatTheKernelSaysIsUnderstood(KernelLogEvent.Type type, String text) {
    assertThat(KernelLogEvent.of(record(0, text)))
        .map(KernelLogEvent::kind)
        .as(text)
        .contains(type);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "traps: a.out[4711] general protection fault ip:55d0c0a01139 sp:7ffc error:0 in a.out",
        "Oopsy[4711]: segfault at 0 ip 000055d0c0a01139 sp 00007ffc6f0a2a60 error 6 in a.out",
        "tg0-2 (unregistering): left allmulticast mode",
        "EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.",
        "usb 1-1: Oops: 0002 [#1] is my product name",
        "EDAC MC0: Giving out device to module igen6_edac controller Intel_client_SoC",
        "sd 0:0:0:0: [sda] Attached SCSI disk",
        "Code: 48 8b 05 BUG: unable to handle",
        "Call Trace:",
      })
  void whatOthersCanWriteIsNoEvidence(String text) {
    assertThat(KernelLogEvent.of(record(0, text))).isEmpty();
  }

  @Test
  void recordsThatUserSpaceWroteAreNoEvidence() throws UnreadableException {
    String oops = ",1,1000,-;Oops: 0002 [#1] PREEMPT SMP NOPTI\n";
    assertThat(KernelLogEvent.of(KernelRecord.parse("4" + oops))).isPresent();
    // The lowest facility that the kernel lets a writer of /dev/kmsg have is 1.
    assertThat(KernelLogEvent.of(KernelRecord.parse((4 | 1 << 3) + oops))).isEmpty();
  }

  @Test
  void damageHoldsUntilTheNextBoot() {
    assertThat(sample(1000, record(900, "kernel BUG at mm/slub.c:4087!")))
        .extracting(Signal::kind, Signal::severity)
        .containsExactly(org.assertj.core.groups.Tuple.tuple(Kind.KERNEL_OOPS, Severity.CRITICAL));
    assertThat(sample(1000 * HOUR)).hasSize(1);
  }

  @Test
  void taintTellsOfAnOopsThatTheLogHasForgotten() {
    List<Signal> signals = detector.sample(1000, List.of(), OptionalLong.of(1 << 7 | 1), List.of());
    assertThat(signals).extracting(Signal::kind).containsExactly(Kind.KERNEL_OOPS);
    // Modules from elsewhere, staging drivers and warnings taint as well, and are no damage.
    assertThat(
            new KernelLogDetector()
                .sample(1000, List.of(), OptionalLong.of(1 | 1 << 9 | 1 << 12), List.of()))
        .isEmpty();
  }

  @Test
  void oneLockupIsAWarningAndThreeAreAStorm() {
    String text = "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:2:311]";
    assertThat(sample(1000, record(1000, text)).getFirst().severity()).isEqualTo(Severity.WARNING);
    sample(2000, record(2000, text));
    assertThat(sample(3000, record(3000, text)).getFirst().severity()).isEqualTo(Severity.CRITICAL);
    assertThat(sample(3000 + KernelLogDetector.LOCKUP_WINDOW_MILLIS)).isEmpty();
  }

  @Test
  void anAgentThatReadsTheLogAnewComesToTheSameJudgement() {
    String text = "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:2:311]";
    // Long ago, all three: read late, they are no storm now.
    assertThat(sample(10 * HOUR, record(1, text), record(2, text), record(3, text))).isEmpty();
  }

  @Test
  void aLostPageIsToldOnlyWhileItsProcessLives() {
    KernelRecord lost =
        record(
            10, "Memory failure: 0x1a2b3: Sending SIGBUS to qemu-system-x86:1002 due to hardware");
    ServiceSample before = service(1002);
    List<Signal> signals =
        detector.sample(10, List.of(lost), OptionalLong.empty(), List.of(before));
    assertThat(signals).hasSize(1);
    assertThat(signals.getFirst().service()).isEqualTo(before.id());
    assertThat(signals.getFirst().sentence()).contains("0x1a2b3");
    assertThat(detector.sample(20, List.of(), OptionalLong.empty(), List.of(service(1003))))
        .isEmpty();
  }

  private static ServiceSample service(long pid) {
    return new ServiceSample(
        ServiceId.hypervisor("kv"), ServiceSample.State.RUNNING, pid, 0, 1, 0, 0, "");
  }

  @Test
  void aFloodOfEventsIsBounded() {
    List<KernelRecord> flood = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      flood.add(record(i, "INFO: task t" + i + ":" + i + " blocked for more than 120 seconds."));
      flood.add(record(i, "EXT4-fs error (device sd" + i + "): oh"));
      flood.add(record(i, "I/O error, dev sda, sector " + i));
    }
    List<Signal> signals = detector.sample(20_000, flood, OptionalLong.empty(), List.of());
    assertThat(signals).hasSizeLessThanOrEqualTo(3 * KernelLogDetector.SUBJECTS_MAX + 10);
  }

  @Test
  void anyBytesAreReadOrRefusedQuickly() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[][] originals = {
      "6,3916,7449902372,-;EXT4-fs error (device sda1): ext4_find_entry:1683: inode #2: comm ls:\n"
          .getBytes(StandardCharsets.UTF_8),
      "4,1,2,-;Memory failure: 0x1a2b3: Sending SIGBUS to qemu-system-x86:1002 due to hardware\n"
          .getBytes(StandardCharsets.UTF_8),
      "0,1,2,c;INFO: task qemu-system-x86:1002 blocked for more than 120 seconds.\n"
          .getBytes(StandardCharsets.UTF_8)
    };
    long start = System.nanoTime();
    for (int i = 0; i < 40_000; i++) {
      String text = ParsingTest.mutated(random, originals[i % originals.length]);
      assertThat(KernelRecord.fuzz(text.getBytes(StandardCharsets.UTF_8)))
          .as("seed %d try %d", seed, i)
          .isBetween(-1, 1);
    }
    // Patterns must not run away on long hostile texts either.
    for (String unit : List.of("a", ":", "1", " ", "[#", "general protection fault ", "INFO: ")) {
      String head = "4,1,2,-;INFO: task " + unit.repeat(10_000);
      KernelRecord.fuzz(head.getBytes(StandardCharsets.UTF_8));
      KernelRecord.fuzz(("4,1,2,-;" + unit.repeat(10_000)).getBytes(StandardCharsets.UTF_8));
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
  }
}
