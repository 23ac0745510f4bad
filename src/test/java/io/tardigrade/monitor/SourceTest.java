package io.tardigrade.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceTest {
  @TempDir Path root;
  private final List<String> complaints = new ArrayList<>();

  private void put(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private HostSource source() {
    return new HostSource(
        root.resolve("proc"),
        root.resolve("sys"),
        root.resolve("kmsg"),
        List.of(root, root.resolve("not-there")),
        complaints::add);
  }

  @Test
  void everyFileOfAHostIsReadIntoItsSample() throws IOException {
    put("proc/uptime", "1000.50 2000.00\n");
    put("proc/meminfo", ParsingTest.MEMINFO);
    for (String resource : List.of("cpu", "memory", "io")) {
      put("proc/pressure/" + resource, ParsingTest.PRESSURE);
    }
    put("proc/sys/kernel/tainted", "4096\n");
    put("proc/17/smaps_rollup", "Rss: 8 kB\nAnonymous: 4 kB\n");
    put("sys/devices/system/edac/mc/mc0/dimm0/dimm_label", "DIMM_A1\n");
    put("sys/devices/system/edac/mc/mc0/dimm0/dimm_ce_count", "3\n");
    put("sys/devices/system/edac/mc/mc0/dimm0/dimm_ue_count", "1\n");
    put("sys/devices/system/edac/mc/mc1/ce_count", "5\n");
    put("sys/devices/system/edac/mc/mc1/ue_count", "0\n");
    put("sys/block/sda/device/ioerr_cnt", "0x1f\n");
    put("sys/block/sda/device/state", "running\n");
    put("sys/class/nvme/nvme0/state", "live\n");
    put("sys/fs/ext4/sda1/errors_count", "2\n");
    // One record only: a read of the real thing returns one at a time.
    put("kmsg", "4,1,2000000,-;Oops: 0002 [#1] PREEMPT SMP NOPTI\n");
    try (HostSource source = source()) {
      HostSample sample = source.sample(List.of());
      assertThat(sample.uptimeMillis()).isBetween(1_000_500L, 1_060_000L);
      assertThat(sample.memory()).isNotNull();
      assertThat(sample.cpuPressure()).isNotNull();
      assertThat(sample.taint()).hasValue(4096);
      assertThat(sample.memoryErrors())
          .containsExactly(new EdacCount("DIMM_A1", 3, 1), new EdacCount("mc1", 5, 0));
      assertThat(sample.disks())
          .extracting(DiskSample::name, DiskSample::errors, DiskSample::state)
          .contains(
              org.assertj.core.groups.Tuple.tuple("block/sda", 31L, "running"),
              org.assertj.core.groups.Tuple.tuple("nvme/nvme0", 0L, "live"),
              org.assertj.core.groups.Tuple.tuple("ext4/sda1", 2L, ""));
      assertThat(sample.disks().getFirst().totalBytes()).isPositive();
      assertThat(sample.kernelLog()).extracting(KernelRecord::text).hasSize(1);
      assertThat(source.ownBytes(17)).isEqualTo(4096);
      assertThat(source.ownBytes(18)).isZero();
      // Disks and counters are looked at once a minute only.
      assertThat(source.sample(List.of()).disks()).isEmpty();
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void whatTheKernelSaidBeforeIsNoNews() throws IOException {
    put("proc/uptime", "1000.50 2000.00\n");
    put("kmsg", "4,1,2000000,-;Oops: 0002 [#1] PREEMPT SMP NOPTI\n");
    try (HostSource source = source()) {
      source.forgetLogBefore(2001);
      assertThat(source.sample(List.of()).kernelLog()).isEmpty();
    }
    try (HostSource source = source()) {
      source.forgetLogBefore(2000);
      assertThat(source.sample(List.of()).kernelLog()).hasSize(1);
    }
  }

  @Test
  void whatIsMissingIsLeftOutAndToldOnce() throws IOException {
    put("proc/meminfo", "nonsense\n");
    try (HostSource source = source()) {
      for (int i = 0; i < 3; i++) {
        HostSample sample = source.sample(List.of());
        assertThat(sample.memory()).isNull();
        assertThat(sample.cpuPressure()).isNull();
        assertThat(sample.kernelLog()).isEmpty();
        assertThat(sample.taint()).isEmpty();
      }
    }
    assertThat(complaints).doesNotHaveDuplicates().anyMatch(c -> c.contains("MemTotal"));
  }

  @Test
  void aFileWithoutEndIsReadUpToTheBound() throws IOException {
    put("proc/meminfo", ParsingTest.MEMINFO + "x".repeat(4 << 20));
    assertThat(BoundedFile.read(root.resolve("proc/meminfo"))).hasSize(BoundedFile.BYTES_MAX);
  }

  @Test
  void thisHostIsReadAsWell() {
    try (HostSource source = HostSource.ofHost(List.of(Path.of("/")), complaints::add)) {
      HostSample sample = source.sample(List.of());
      assertThat(sample.memory()).isNotNull();
      assertThat(sample.memory().kernelBytes()).isPositive();
      assertThat(sample.memory().kernelBytes()).isLessThan(sample.memory().totalBytes());
      assertThat(source.ownBytes(ProcessHandle.current().pid())).isPositive();
      HostMonitor monitor = new HostMonitor();
      monitor.sample(sample);
      assertThat(MetricText.write(monitor.metrics()))
          .contains("tardigrade_host_kernel_memory_bytes ");
    }
  }
}
