package io.tardigrade.image;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Turns a container archive ({@code docker save}, or OCI layout; plain or compressed) into a root
 * disk and an initramfs that boots into it. The archive is hostile input: digests are checked,
 * names cannot leave the image, and what it unpacks to is bounded.
 *
 * @param kernel what guests boot
 * @param unpackedBytesMax how much the image may unpack to
 * @param entriesMax how many files its layers may have together
 */
public record OciArchive(GuestKernel kernel, long unpackedBytesMax, int entriesMax) {
  // Room for tables, journal, and the rounding up of each file to blocks of 4 KiB.
  private static final long FIXED_BYTES = 64L << 20;
  private static final long BYTES_PER_FILE = 4096 + 512;
  private static final int DATABASE_BYTES_MAX = 1 << 20;

  // What tar headers and padding may add to the contents of files.
  private static final long TAR_BYTES_PER_ENTRY = 4096;

  /** With the usual bounds: 32 GiB in a million files. */
  public OciArchive(GuestKernel kernel) {
    this(kernel, 32L << 30, 1_000_000);
  }

  /**
   * Makes {@code rootDisk} and {@code initrd}, each in one step; needs root, to keep owners.
   *
   * @param command replaces the image's own arguments; empty keeps them
   * @param slackBytes free space on the root disk
   * @throws ImageException in one line
   */
  public BootPlan build(
      Path archive,
      Path initrd,
      Path rootDisk,
      GuestSettings settings,
      List<String> command,
      long slackBytes)
      throws IOException {
    String what = "--image " + archive;
    Path scratch = Staging.temporaryFolder(rootDisk.toAbsolutePath().resolveSibling("."));
    try {
      long bytesMax = Math.min(unpackedBytesMax, Files.getFileStore(scratch).getUsableSpace());
      Path root = Files.createDirectory(scratch.resolve("root"));
      LayerTree tree = new LayerTree(root, bytesMax, entriesMax);
      OciImage image = unpack(archive, scratch, tree, bytesMax, what);
      ProgramStart start = start(image, tree, settings, command, what);
      tree.makeFolder(start.workingFolder());
      FileTree files = new FileTree();
      BootFiles.add(files, kernel, settings, start, true);
      makeDisk(root, tree, rootDisk, slackBytes);
      return BootFiles.write(files, kernel, initrd, rootDisk);
    } finally {
      Staging.deleteTree(scratch);
    }
  }

  /** Unpacks all layers of the image in {@code archive} into {@code tree}. */
  OciImage unpack(Path archive, Path scratch, LayerTree tree, long bytesMax, String what)
      throws IOException {
    try (ArchiveFile file = new ArchiveFile(archive, scratch, bytesMax, what)) {
      OciImage image = OciImage.read(file, what);
      for (OciImage.Layer layer : image.layers()) {
        unpackLayer(file, layer, tree, bytesMax, what + ": layer " + layer.name());
      }
      return image;
    } catch (ZipException | EOFException e) {
      throw new ImageException(what + " is broken or cut off (" + e.getMessage() + ")", e);
    }
  }

  private void unpackLayer(
      ArchiveFile file, OciImage.Layer layer, LayerTree tree, long bytesMax, String what)
      throws IOException {
    long streamBytesMax = bytesMax + TAR_BYTES_PER_ENTRY * entriesMax;
    try (InputStream in = file.open(layer.name());
        CheckedStream packed = new CheckedStream(in, Long.MAX_VALUE, what);
        InputStream decompressed = Decompression.open(packed);
        CheckedStream plain = new CheckedStream(decompressed, streamBytesMax, what)) {
      tree.apply(new TarReader(plain, what), what);
      plain.requireDigest(layer.diffId());
      if (layer.digest() != null) {
        packed.requireDigest(layer.digest());
      }
    }
  }

  private static ProgramStart start(
      OciImage image, LayerTree tree, GuestSettings settings, List<String> command, String what)
      throws IOException {
    List<String> argv = new ArrayList<>(image.entrypoint());
    argv.addAll(command.isEmpty() ? image.command() : command);
    if (argv.isEmpty() || argv.getFirst().isEmpty()) {
      throw new ImageException(what + " names no program to run; name one after `--`");
    }
    String user = settings.user() == null ? image.user() : settings.user();
    UserDatabase users = new UserDatabase(text(tree, "/etc/passwd"), text(tree, "/etc/group"));
    UserIds ids = user.isEmpty() ? UserIds.ROOT : users.resolve(user);
    String asked = settings.workingFolder();
    String folder = asked == null ? image.workingFolder() : asked;
    folder = folder.startsWith("/") ? folder : "/" + folder;
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("PATH", CommandLookup.DEFAULT_PATH);
    environment.put("HOME", ids.home());
    environment.put("HOSTNAME", settings.hostname());
    environment.put("TERM", "linux");
    environment.putAll(image.environment());
    environment.putAll(settings.environment());
    String path = environment.getOrDefault("PATH", CommandLookup.DEFAULT_PATH);
    String executable = executable(tree, argv.getFirst(), path, folder);
    if (executable == null) {
      throw new ImageException(
          what + " has no program `" + argv.getFirst() + "` in " + path + "; name one it has");
    }
    return new ProgramStart(executable, argv, environment, folder, ids);
  }

  private static @Nullable String executable(
      LayerTree tree, String name, String path, String folder) throws IOException {
    if (name.contains("/")) {
      String place = name.startsWith("/") ? name : folder + "/" + name;
      return isExecutable(tree, place) ? place : null;
    }
    for (String part : path.split(":", -1)) {
      String place = part + "/" + name;
      if (part.startsWith("/") && isExecutable(tree, place)) {
        return place;
      }
    }
    return null;
  }

  private static boolean isExecutable(LayerTree tree, String place) throws IOException {
    Path file = tree.find(place);
    return file != null
        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Files.isExecutable(file);
  }

  private static String text(LayerTree tree, String place) throws IOException {
    Path file = tree.find(place);
    if (file == null || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return "";
    }
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(DATABASE_BYTES_MAX), StandardCharsets.UTF_8);
    }
  }

  private static void makeDisk(Path root, LayerTree tree, Path rootDisk, long slackBytes)
      throws IOException {
    long content = tree.bytes() + tree.bytes() / 64 + tree.entries() * BYTES_PER_FILE;
    long size = content + FIXED_BYTES + Math.max(slackBytes, 0);
    // One inode for each file of the image, and as many for new ones as ext4 would give the disk.
    long inodes = tree.entries() + size / 16384;
    Staging.file(
        rootDisk,
        temporary ->
            VolumeFormat.format(
                temporary, size, List.of("-N", String.valueOf(inodes), "-d", root.toString())));
  }
}
