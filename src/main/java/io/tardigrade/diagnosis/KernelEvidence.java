package io.tardigrade.diagnosis;

import io.tardigrade.linux.Errno;
import io.tardigrade.linux.Linux;
import io.tardigrade.linux.LinuxException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Reads what the kernel tells of itself and of tasks. Any thread. */
final class KernelEvidence {
  private static final int RECORD_BYTES_MAX = 8192;
  private static final int TASKS_MAX = 4096;
  private static final int TASK_FILE_BYTES_MAX = 16 << 10;

  private final Path root;

  /**
   * @param root below which proc, sys and dev lie
   */
  KernelEvidence(Path root) {
    this.root = root;
  }

  /** The first {@code bytesMax} bytes of a file, and one more where there are more. */
  static byte[] read(Path file, int bytesMax) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(bytesMax + 1);
    }
  }

  /** The last {@code bytesMax} bytes of a file. */
  static byte[] tail(Path file, int bytesMax) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.position(Math.max(0, channel.size() - bytesMax));
      return Channels.newInputStream(channel).readNBytes(bytesMax);
    }
  }

  /**
   * All records of the kernel's log that are left, as they come from /dev/kmsg. Where the kernel
   * takes system requests, it is asked first to log all tasks that are blocked.
   */
  byte[] log(int bytesMax) throws IOException {
    Path request = root.resolve("proc/sysrq-trigger");
    if (Files.exists(request)) {
      Files.writeString(request, "w", StandardOpenOption.WRITE);
    }
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    int fd = Linux.open(root.resolve("dev/kmsg"), Linux.O_RDONLY | Linux.O_NONBLOCK);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment record = arena.allocate(RECORD_BYTES_MAX);
      while (text.size() <= bytesMax) {
        long length = readRecord(fd, record);
        if (length <= 0) {
          break;
        }
        text.write(record.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
      }
    } finally {
      Linux.close(fd);
    }
    byte[] all = text.toByteArray();
    return all.length <= bytesMax ? all : java.util.Arrays.copyOf(all, bytesMax + 1);
  }

  /** The length of the next record; nothing where there is none. */
  private static long readRecord(int fd, MemorySegment record) throws LinuxException {
    while (true) {
      try {
        return Linux.read(fd, record);
      } catch (LinuxException e) {
        // Overrun: the next read goes on with the oldest that is left.
        if (e.errno() != Errno.EPIPE) {
          throw e;
        }
      }
    }
  }

  /** Every task in an uninterruptible sleep, and where it sleeps. */
  byte[] blockedTasks(int bytesMax) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    int looked = 0;
    for (Path process : numbered(root.resolve("proc"))) {
      if (text.size() > bytesMax || ++looked > TASKS_MAX) {
        break;
      }
      text.write(blockedOf(process, bytesMax));
    }
    return text.size() == 0 ? "none\n".getBytes(StandardCharsets.US_ASCII) : text.toByteArray();
  }

  private static byte[] blockedOf(Path process, int bytesMax) {
    try {
      return stacks(process, true, bytesMax);
    } catch (IOException e) {
      // It has just ended.
      return new byte[0];
    }
  }

  /**
   * The threads of a process: name, state, and where each is in the kernel.
   *
   * @param blockedOnly leaves out those that could run or be woken
   */
  static byte[] stacks(Path process, boolean blockedOnly, int bytesMax) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (Path task : numbered(process.resolve("task"))) {
      if (text.size() > bytesMax) {
        break;
      }
      String stat = line(task, "stat");
      // The name is in brackets and may hold anything.
      int end = stat.lastIndexOf(')');
      String state = end > 0 && end + 2 < stat.length() ? stat.substring(end + 2, end + 3) : "?";
      if (blockedOnly && !state.equals("D")) {
        continue;
      }
      String head =
          process.getFileName()
              + "/"
              + task.getFileName()
              + " "
              + line(task, "comm")
              + " "
              + state
              + " "
              + line(task, "wchan")
              + "\n";
      text.write(head.getBytes(StandardCharsets.UTF_8));
      text.write((line(task, "stack") + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return text.toByteArray();
  }

  /** All processes, a line each, as their {@code stat} has it; see proc_pid_stat(5). */
  byte[] processes(int bytesMax) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    int looked = 0;
    for (Path process : numbered(root.resolve("proc"))) {
      if (text.size() > bytesMax || ++looked > TASKS_MAX) {
        break;
      }
      text.write((line(process, "stat") + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return text.toByteArray();
  }

  /** A small file's text; why there is none, where there is none. */
  private static String line(Path folder, String name) {
    try {
      return new String(read(folder.resolve(name), TASK_FILE_BYTES_MAX), StandardCharsets.UTF_8)
          .strip();
    } catch (IOException e) {
      return "(" + name + " not readable)";
    }
  }

  private static List<Path> numbered(Path folder) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "[0-9]*")) {
      entries.forEach(found::add);
    }
    found.sort(
        java.util.Comparator.comparingInt((Path p) -> p.getFileName().toString().length())
            .thenComparing(p -> p.getFileName().toString()));
    return found;
  }
}
