package io.tardigrade.diagnosis;

import io.tardigrade.guest.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What an archive of evidence holds: its last entry, {@code index.json}.
 *
 * <pre>
 *   {"version":1,
 *    "incident":"20261122-181503-host-1","at":"…","cause":"kernel-oops","reasons":["…"],
 *    "entries":[{"name":"kernel/log.txt","about":"the kernel's log","bytes":81234,
 *                "crc32c":"0f3a91c2","cut":false}],
 *    "missing":[{"name":"journal.txt","why":"no journal is kept here"}]}
 * </pre>
 *
 * @param at when the collection began
 * @param reasons for which it was decided on
 */
public record ArchiveIndex(
    int version,
    String incident,
    Instant at,
    String cause,
    List<String> reasons,
    List<Entry> entries,
    List<Missing> missing) {
  /** The one version there is. */
  public static final int VERSION = 1;

  static final String NAME = "index.json";
  static final int ENTRIES_MAX = 4096;

  /** Names are made by us; an archive that has others is not ours. */
  private static final Pattern ENTRY_NAME =
      Pattern.compile("[a-z0-9_-]{1,64}(?:[/.][A-Za-z0-9_-]{1,64}){0,8}");

  /**
   * A file in the archive.
   *
   * @param cut whether there was more than the bound
   */
  public record Entry(String name, String about, long bytes, String crc32c, boolean cut) {}

  /** What should have been there, and why it is not. */
  public record Missing(String name, String why) {}

  public ArchiveIndex {
    reasons = List.copyOf(reasons);
    entries = List.copyOf(entries);
    missing = List.copyOf(missing);
  }

  static boolean isEntryName(String name) {
    return name.length() <= 200 && ENTRY_NAME.matcher(name).matches();
  }

  /** Bytes of all files together. */
  public long bytes() {
    return entries.stream().mapToLong(Entry::bytes).sum();
  }

  static ArchiveIndex parse(byte[] bytes) throws IOException {
    ArchiveIndex index =
        Json.parse(NAME, new String(bytes, StandardCharsets.UTF_8), ArchiveIndex.class);
    if (index.version() != VERSION) {
      throw new IOException(NAME + " is of version " + index.version() + ", not " + VERSION);
    }
    Set<String> names = new HashSet<>();
    for (Entry entry : index.entries()) {
      if (entry.name() == null || !isEntryName(entry.name()) || !names.add(entry.name())) {
        throw new IOException(NAME + " names '" + entry.name() + "', which is no file of ours");
      }
    }
    if (names.size() > ENTRIES_MAX) {
      throw new IOException(NAME + " names more than " + ENTRIES_MAX + " files");
    }
    return index;
  }
}
