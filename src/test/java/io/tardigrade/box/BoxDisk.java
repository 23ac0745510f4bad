package io.tardigrade.box;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The box's system disk: Debian 12 with kernel 6.1, QEMU and a small Java runtime. Made once by
 * {@code build-disk.sh} (about a minute) and kept in a cache; a change of the script, the package
 * list or the JDK makes a new one. Needs root, apt, mke2fs and a JDK with jlink; installs nothing.
 *
 * <p>The cache lies in the folder named by the system property {@code tardigrade.box.cache}, else
 * in {@code target/box}. Processes that want it at once wait for the first to make it.
 *
 * @param folder holds root.img (ext4), vmlinuz, busybox, modules/
 */
record BoxDisk(Path folder) {
  private static final String SCRIPT = "build-disk.sh";
  private static final String PACKAGES = "packages.txt";

  static BoxDisk obtain() throws IOException {
    Path cache = Path.of(System.getProperty("tardigrade.box.cache", "target/box"));
    Files.createDirectories(cache);
    Path folder = cache.toAbsolutePath().resolve("disk-" + key());
    Path lock = cache.resolve("lock");
    try (FileChannel channel =
        FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.lock(); // released as the channel closes
      if (!Files.exists(folder)) {
        build(cache.toAbsolutePath(), folder);
      }
    }
    return new BoxDisk(folder);
  }

  private static void build(Path cache, Path folder) throws IOException {
    removeOldDisks(cache);
    Path script = Commands.extract(SCRIPT, cache.resolve(SCRIPT));
    Path packages = Commands.extract(PACKAGES, cache.resolve(PACKAGES));
    Path made = cache.resolve("making");
    Commands.run(
        "making the box's disk",
        "sh",
        script.toString(),
        packages.toString(),
        System.getProperty("java.home"),
        cache.resolve("debs").toString(),
        made.toString());
    Files.move(made, folder, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void removeOldDisks(Path cache) throws IOException {
    try (DirectoryStream<Path> old = Files.newDirectoryStream(cache, "disk-*")) {
      for (Path folder : old) {
        Commands.run("removing an outdated disk", "rm", "-rf", folder.toString());
      }
    }
  }

  private static String key() throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(Commands.resource(SCRIPT));
      digest.update(Commands.resource(PACKAGES));
      digest.update(Runtime.version().toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  Path image() {
    return folder.resolve("root.img");
  }

  Path kernel() {
    return folder.resolve("vmlinuz");
  }

  Path busybox() {
    return folder.resolve("busybox");
  }

  Path modules() {
    return folder.resolve("modules");
  }
}
