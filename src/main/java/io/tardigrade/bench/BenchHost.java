package io.tardigrade.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.tardigrade.linux.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a benchmark ran: without it no figure can be compared.
 *
 * @param loadAverage of the minute before it began
 * @param accelerator what executed the guests
 * @param engine how dirty pages were found
 */
public record BenchHost(
    int cores,
    @JsonProperty("load_average") double loadAverage,
    @JsonProperty("memory_bytes") long memoryBytes,
    String cpu,
    String kernel,
    String qemu,
    String java,
    String accelerator,
    String engine) {
  /** What could not be found out, or was not asked. */
  public static final String UNKNOWN = "unknown";

  static BenchHost examine() throws IOException {
    return new BenchHost(
        Runtime.getRuntime().availableProcessors(),
        loadAverage(Files.readString(Path.of("/proc/loadavg"))),
        ProcFile.kilobytes(Files.readString(Path.of("/proc/meminfo")), "MemTotal"),
        field(Files.readString(Path.of("/proc/cpuinfo")), "model name"),
        Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip(),
        Command.run("qemu-system-x86_64", "--version").lines().findFirst().orElse(UNKNOWN),
        Runtime.version().toString(),
        UNKNOWN,
        UNKNOWN);
  }

  /** With what guests told. */
  BenchHost with(String seenAccelerator, String seenEngine) {
    return new BenchHost(
        cores, loadAverage, memoryBytes, cpu, kernel, qemu, java, seenAccelerator, seenEngine);
  }

  /** Whether others already used all there is. */
  public boolean isBusy() {
    return loadAverage > cores;
  }

  static double loadAverage(String text) {
    return Double.parseDouble(text.substring(0, text.indexOf(' ')));
  }

  private static String field(String text, String name) {
    return text.lines()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse(UNKNOWN);
  }
}
