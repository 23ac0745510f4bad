package io.tardigrade.reset;

import io.tardigrade.preserve.Region;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The arguments of the two kernels that follow a panic, by those of the one that runs. Pure. See
 * Documentation/admin-guide/kernel-parameters.txt and kdump/kdump.rst in the kernel's sources.
 */
final class CrashCommandLine {
  /** The kernel cuts off what is longer. */
  private static final int CHARS_MAX = 2047;

  /** What firmware has its tables and data in lies below; the crash kernel is told of that. */
  private static final long RAM_START_BYTES_MIN = 1L << 20;

  private static final Pattern PROCESSOR =
      Pattern.compile("^apicid\\s*:\\s*(\\d{1,9})$", Pattern.MULTILINE);

  private CrashCommandLine() {}

  /**
   * Of the crash kernel: one processor, whose first process is {@code init}.
   *
   * @param running the arguments of the kernel that runs
   */
  static String ofCrashKernel(String running, Path init) {
    List<String> words = kept(running);
    words.removeIf(word -> word.startsWith("init=") || word.startsWith("crashkernel="));
    words.add("nr_cpus=1");
    words.add("reset_devices");
    words.add("panic=1");
    words.add("init=" + init);
    return joined(words);
  }

  /**
   * Of the full system that the crash kernel boots. That knows of no memory but its own, so its
   * successor is told of all of it. And a panic on another processor than the first leaves that one
   * waiting where it would restart the machine if it were started as any other: it stays off.
   *
   * @param running the arguments of the kernel that runs
   * @param iomem the text of its /proc/iomem
   * @param cpuinfo the text of its /proc/cpuinfo
   */
  static String ofFullSystem(String running, String iomem, String cpuinfo) {
    List<String> words = kept(running);
    for (Region ram : Region.usableMemory(iomem)) {
      if (ram.startBytes() >= RAM_START_BYTES_MIN) {
        words.add("memmap=0x%x@0x%x".formatted(ram.sizeBytes(), ram.startBytes()));
      }
    }
    Matcher first = PROCESSOR.matcher(cpuinfo);
    if (words.stream().noneMatch(word -> word.startsWith("disable_cpu_apicid=")) && first.find()) {
      words.add("disable_cpu_apicid=" + first.group(1));
    }
    return joined(words);
  }

  /** Without what a boot loader says of itself and what was said of memory after another panic. */
  private static List<String> kept(String running) {
    List<String> words = new ArrayList<>(List.of(running.strip().split("\\s+", -1)));
    words.removeIf(word ->
        word.isEmpty()
            || word.startsWith("BOOT_IMAGE=")
            || (word.startsWith("memmap=") && word.indexOf('@') > 0));
    return words;
  }

  private static String joined(List<String> words) {
    String line = String.join(" ", words);
    if (line.length() > CHARS_MAX) {
      throw new IllegalArgumentException(
          "a command line of %d characters; kernels take %d".formatted(line.length(), CHARS_MAX));
    }
    return line;
  }
}
