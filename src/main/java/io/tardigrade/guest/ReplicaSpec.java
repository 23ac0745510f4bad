package io.tardigrade.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * That a guest is replicated, and as which, in {@code guests/NAME/replica.json}: where it exists,
 * this host's guardian of the guest is a member of the guest's view. Written by the agent; removed
 * when the guest is replicated no longer, or not on this host.
 *
 * <pre>
 *   {"version":1,"id":"kv-5f3a0c1e","life":1597639710,"backups":2,"founds":true}
 * </pre>
 *
 * @param version of this file's format, {@link #VERSION}
 * @param id by which all hosts know the guest: its name, '-', and its life in 8 hexadecimal digits
 * @param life chosen at random whenever the guest is started afresh, for its epochs are then
 *     counted anew; 1 to 2³² − 1
 * @param backups how many are wished for, 0 to {@link #BACKUPS_MAX}
 * @param founds whether image and disks on this host are what the first replica is made of; false
 *     on all hosts but one
 */
public record ReplicaSpec(int version, String id, long life, int backups, boolean founds) {
  /** Format of replica.json. */
  public static final int VERSION = 1;

  /** The most backups of a guest. */
  public static final int BACKUPS_MAX = 8;

  private static final long LIFE_MAX = 0xffff_ffffL;
  private static final String FILE = "replica.json";

  /** Beside it, after it: the number of backups, newline. */
  private static final String WISH = "backups-wished";

  private static final Pattern ID = Pattern.compile("[a-z][a-z0-9-]{0,31}-[0-9a-f]{8}");

  public ReplicaSpec {
    if (!ID.matcher(id).matches() || life < 1 || life > LIFE_MAX || !id.endsWith(hex(life))) {
      throw new IllegalArgumentException(
          "guest id '" + id + "' of life " + life + ", expected NAME-LIFE, LIFE as 8 hex digits");
    }
    if (backups < 0 || backups > BACKUPS_MAX) {
      throw new IllegalArgumentException(backups + " backups, expected are 0 to " + BACKUPS_MAX);
    }
  }

  /** The replica of guest {@code name} in one of its lives. */
  public static ReplicaSpec of(String name, long life, int backups, boolean founds) {
    return new ReplicaSpec(VERSION, name + "-" + hex(life), life, backups, founds);
  }

  private static String hex(long life) {
    return String.format("%08x", life);
  }

  /** The same with another number of backups wished for. */
  public ReplicaSpec withBackups(int wanted) {
    return new ReplicaSpec(version, id, life, wanted, founds);
  }

  /** The same of a host that has founded the guest, or never has to. */
  public ReplicaSpec founded() {
    return new ReplicaSpec(version, id, life, backups, false);
  }

  /**
   * What the host of {@code paths} keeps of guest {@code name} as one of its members; empty where
   * the guest is not replicated.
   *
   * @throws IOException where it cannot be read, or is of another version
   */
  public static Optional<ReplicaSpec> read(HostPaths paths, String name) throws IOException {
    Path file = file(paths, name);
    ReplicaSpec spec;
    try {
      spec = Json.read(file, ReplicaSpec.class);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    if (spec.version() != VERSION) {
      throw new IOException(
          file + " is of version " + spec.version() + ", this program reads version " + VERSION);
    }
    if (!spec.id().equals(name + "-" + hex(spec.life()))) {
      throw new IOException(file + " is of guest " + spec.id() + ", expected one of " + name);
    }
    return Optional.of(spec);
  }

  /** Whether guest {@code name} is replicated; told without reading as which. */
  public static boolean isAny(HostPaths paths, String name) {
    return Files.exists(file(paths, name));
  }

  /** Durably and in one step. */
  public void write(HostPaths paths, String name) throws IOException {
    write(paths.guest(name));
  }

  /** As {@link #write(HostPaths, String)}, into a folder that is not yet the guest's. */
  public void write(Path folder) throws IOException {
    Json.write(folder.resolve(FILE), this);
  }

  /** The guest is replicated no longer, as far as this host is concerned. */
  public static void delete(HostPaths paths, String name) throws IOException {
    Files.deleteIfExists(file(paths, name));
  }

  /**
   * The guest has ended, and with it its replication: what was wished for is kept for its next
   * start. Nothing where it was replicated no longer.
   */
  public static void settle(HostPaths paths, String name) throws IOException {
    Optional<ReplicaSpec> replica = read(paths, name);
    if (replica.isPresent()) {
      Json.writeText(wish(paths, name), replica.get().backups() + "\n");
      delete(paths, name);
    }
  }

  /** How many backups a guest had that has ended; 0 where it had none. */
  public static int wished(HostPaths paths, String name) throws IOException {
    Path file = wish(paths, name);
    if (!Files.exists(file)) {
      return 0;
    }
    String text = Files.readString(file).strip();
    return text.matches("[0-8]") ? Integer.parseInt(text) : 0;
  }

  /** Whoever wished for backups has them, or wishes for them no longer. */
  public static void forgetWish(HostPaths paths, String name) throws IOException {
    Files.deleteIfExists(wish(paths, name));
  }

  private static Path wish(HostPaths paths, String name) {
    return paths.guest(name).resolve(WISH);
  }

  private static Path file(HostPaths paths, String name) {
    return paths.guest(name).resolve(FILE);
  }
}
