package io.tardigrade.preserve;

import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.Json;
import io.tardigrade.linux.Command;
import io.tardigrade.linux.LinuxFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Preserved memory on this host: found, given a file system once, mounted. Any process may bring it
 * up; a lock orders them.
 */
public final class PreservedMemory {
  private static final Duration FORMAT_MAX = Duration.ofMinutes(2);

  /** Where ext4 says that it is one: the 16-bit number 0xEF53. */
  private static final long EXT4_MAGIC_AT = 1080;

  private static final int EXT4_MAGIC = 0x53EF;

  private final HostPaths paths;

  /** That of the installation with these paths. */
  public PreservedMemory(HostPaths paths) {
    this.paths = paths;
  }

  /**
   * What {@code host preserve} prepared, as {@code preserve.json} in the state folder.
   *
   * @param region to be reserved by every kernel
   */
  public record Settings(Region region) {}

  /** What is prepared, if anything. */
  public Optional<Settings> settings() throws IOException {
    try {
      return Optional.of(Json.read(settingsFile(), Settings.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Keeps what is prepared. */
  public void prepare(Settings settings) throws IOException {
    Files.createDirectories(paths.state());
    Json.write(settingsFile(), settings);
  }

  private Path settingsFile() {
    return paths.state().resolve("preserve.json");
  }

  /** Whether it is mounted, in the way that keeps what is stored. */
  public boolean isMounted() throws IOException {
    return mountedDirectly(
        Files.readString(Path.of("/proc/self/mountinfo")), paths.preserved().toString());
  }

  /** Whether {@code point} is a mount that maps memory directly (DAX), by the kernel's list. */
  static boolean mountedDirectly(String mountinfo, String point) {
    return mountinfo
        .lines()
        .map(line -> line.split(" ", -1))
        .anyMatch(fields ->
            fields.length > 5
                && fields[4].equals(point)
                && List.of(fields[fields.length - 1].split(",", -1)).stream()
                    .anyMatch(option -> option.equals("dax") || option.equals("dax=always")));
  }

  /** Free space in bytes; 0 where it is not mounted. */
  public long freeBytes() throws IOException {
    return isMounted() ? Files.getFileStore(paths.preserved()).getUsableSpace() : 0;
  }

  /**
   * Mounts it where it was prepared and is not mounted; gives it a file system where it has none,
   * as after a loss of power.
   *
   * @return what stands against it, or empty where it is there, or nothing was prepared
   */
  public Optional<String> bringUp() throws IOException {
    Optional<Settings> settings = settings();
    if (settings.isEmpty() || isMounted()) {
      return Optional.empty();
    }
    Files.createDirectories(paths.run());
    try (FileChannel file =
            FileChannel.open(
                paths.run().resolve("preserve.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock _ = file.lock()) {
      return isMounted() ? Optional.empty() : mount(settings.get().region());
    }
  }

  private Optional<String> mount(Region region) throws IOException {
    Optional<Path> device = device(region);
    if (device.isEmpty()) {
      Command.Result _ = Command.attempt("modprobe", "-a", "-q", "nd_e820", "nd_pmem", "ext4");
      device = device(region);
    }
    if (device.isEmpty()) {
      return Optional.of(
          "no device holds the region: boot with "
              + region.argument()
              + " (see 'tardigrade host preserve')");
    }
    if (!hasFileSystem(device.get())) {
      format(device.get());
    }
    Files.createDirectories(paths.preserved());
    Command.Result mounted =
        Command.attempt(
            "mount",
            "-t",
            "ext4",
            "-o",
            "dax=always,noatime,nosuid,nodev",
            device.get().toString(),
            paths.preserved().toString());
    if (!mounted.ok()) {
      return Optional.of(String.valueOf(mounted.failure().getMessage()));
    }
    Files.createDirectories(paths.preservedImages());
    return Optional.empty();
  }

  private static void format(Path device) throws IOException {
    // Blocks in groups of 2 MiB, so that the processor's large pages can map them.
    Command.run(
        List.of(
            "mke2fs",
            "-q",
            "-F",
            "-t",
            "ext4",
            "-b",
            "4096",
            "-m",
            "0",
            "-E",
            "stride=512,stripe_width=512,lazy_itable_init=0,lazy_journal_init=0,nodiscard",
            device.toString()),
        "",
        FORMAT_MAX);
  }

  private static boolean hasFileSystem(Path device) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(device.toFile(), "r")) {
      file.seek(EXT4_MAGIC_AT);
      return file.readUnsignedShort() == EXT4_MAGIC;
    }
  }

  /** The block device of the region, told by its physical address. */
  private static Optional<Path> device(Region region) throws IOException {
    if (!Files.isDirectory(Path.of("/sys/block"))) {
      return Optional.empty();
    }
    try (DirectoryStream<Path> devices = Files.newDirectoryStream(Path.of("/sys/block"), "pmem*")) {
      for (Path device : devices) {
        Path resource = device.resolve("device/resource");
        if (Files.exists(resource)
            && Long.decode(Files.readString(resource).strip()) == region.startBytes()) {
          return Optional.of(Path.of("/dev").resolve(device.getFileName().toString()));
        }
      }
    }
    return Optional.empty();
  }

  private Path manifestFile() {
    return paths.preserved().resolve("manifest");
  }

  /** Seals a manifest: once this returns it will be found after the reset. */
  public void seal(Manifest manifest) throws IOException {
    Path next = manifestFile().resolveSibling("manifest.new");
    Files.write(next, manifest.encode());
    try (LinuxFile file = LinuxFile.open(next)) {
      file.sync();
    }
    Files.move(next, manifestFile(), StandardCopyOption.ATOMIC_MOVE);
    LinuxFile.syncDirectory(paths.preserved());
  }

  /**
   * The manifest sealed before the reset that ended the boot with this id, if there was one.
   *
   * @throws IOException where there is a manifest that cannot be read
   */
  public Optional<Manifest> manifest(String bootId) throws IOException {
    return newestManifest().filter(manifest -> manifest.bootId().equals(bootId));
  }

  /**
   * The manifest sealed last, before whichever reset that was.
   *
   * @throws IOException where there is one that cannot be read
   */
  public Optional<Manifest> newestManifest() throws IOException {
    if (!isMounted() || !Files.exists(manifestFile())) {
      return Optional.empty();
    }
    if (Files.size(manifestFile()) > 2L * Manifest.CONTENT_BYTES_MAX) {
      throw new IOException("the manifest is larger than any can be; it is damaged");
    }
    return Optional.of(Manifest.decode(Files.readAllBytes(manifestFile())));
  }

  /** Unseals: the reset did not take place. */
  public void unseal() throws IOException {
    Files.deleteIfExists(manifestFile());
  }
}
