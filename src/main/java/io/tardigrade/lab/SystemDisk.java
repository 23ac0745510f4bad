package io.tardigrade.lab;

import io.tardigrade.launch.StateLock;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What all lab hosts boot from: Debian 12 with two kernels 6.1, QEMU and a small Java runtime. Made
 * once by {@code build-system.sh} (about a minute) and kept in a cache; a change of the script, the
 * package list or the JDK makes a new one. Needs root, Debian's apt, mke2fs and a JDK with jlink;
 * installs nothing on this machine.
 *
 * <p>Processes that want it at once wait for the first to make it.
 *
 * @param folder holds root.img (ext4), vmlinuz, initrd, release, jre/
 */
record SystemDisk(Path folder) {
  private static final String SCRIPT = "build-system.sh";
  private static final String PACKAGES = "packages.txt";
  private static final String INIT = "initramfs-init.sh";
  private static final String PREFIX = "system-";
  private static final long MAKING_MINUTES_MAX = 30;

  /**
   * The system disk, made first where there is none.
   *
   * @param cache folder to keep it in
   * @param used folders of earlier ones that hosts still need; all others are removed
   */
  static SystemDisk obtain(Path cache, Set<Path> used, Consumer<String> progress)
      throws IOException {
    Path home = Files.createDirectories(cache.toRealPath().resolve("lab"));
    Path folder = home.resolve(PREFIX + key());
    try (StateLock _ =
        StateLock.take(
            home,
            "lock",
            () ->
                progress.accept("waiting for another command that makes the lab's system disk"))) {
      if (!Files.exists(folder)) {
        removeOld(home, used);
        make(home, folder, progress);
      }
    }
    return new SystemDisk(folder);
  }

  private static void make(Path home, Path folder, Consumer<String> progress) throws IOException {
    progress.accept("making the lab's system disk from Debian packages; once, about a minute");
    Path made = home.resolve("making");
    List<String> command =
        List.of(
            "sh",
            Tool.extract(SCRIPT, home.resolve(SCRIPT)).toString(),
            Tool.extract(PACKAGES, home.resolve(PACKAGES)).toString(),
            Tool.extract(INIT, home.resolve(INIT)).toString(),
            System.getProperty("java.home"),
            home.resolve("packages").toString(),
            made.toString());
    Path log = home.resolve("making.log");
    Process process = new ProcessBuilder(command).redirectError(log.toFile()).start();
    try (BufferedReader said = process.inputReader(StandardCharsets.UTF_8)) {
      process.getOutputStream().close();
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        progress.accept(line);
      }
      if (!process.waitFor(MAKING_MINUTES_MAX, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new IOException("making the lab's system disk failed: " + lastLine(log));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while making the lab's system disk", e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    Files.move(made, folder, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String lastLine(Path log) throws IOException {
    List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
    return (lines.isEmpty() ? "it said nothing" : lines.getLast()) + " (see " + log + ")";
  }

  private static void removeOld(Path home, Set<Path> used) throws IOException {
    try (DirectoryStream<Path> old = Files.newDirectoryStream(home, PREFIX + "*")) {
      for (Path folder : old) {
        if (!used.contains(folder)) {
          Tool.remove(folder);
        }
      }
    }
  }

  private static String key() throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String name : List.of(SCRIPT, PACKAGES, INIT)) {
        digest.update(Tool.resource(name));
      }
      digest.update(Runtime.version().toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  Path image() {
    return folder.resolve("root.img");
  }

  /** The kernel's release, as {@code uname -r} tells it in the host. */
  String kernel() throws IOException {
    return Files.readString(folder.resolve("release")).strip();
  }
}
