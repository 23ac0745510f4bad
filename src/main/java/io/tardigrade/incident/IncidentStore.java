package io.tardigrade.incident;

import io.tardigrade.guest.Json;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The incidents of a host, one file each; the oldest go when there are more than {@link #KEPT_MAX}.
 * Safe for use by several threads and processes at once.
 */
public final class IncidentStore {
  /** So many are kept. */
  public static final int KEPT_MAX = 1000;

  private static final String SUFFIX = ".json";

  /** Nobody takes so long to write one. */
  private static final long HALF_MADE_SECONDS_MAX = 60;

  private static final int LAST_FEW = 10;
  private static final int SAME_SECOND_MAX = 10_000;
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);
  private static final Pattern ID = Pattern.compile("\\d{8}-\\d{6}-[a-z][a-z0-9-]{0,31}-\\d+");

  private final Path folder;
  private final int keptMax;

  /** The store in {@code folder}, which is made with the first incident. */
  public IncidentStore(Path folder) {
    this(folder, KEPT_MAX);
  }

  IncidentStore(Path folder, int keptMax) {
    this.folder = folder;
    this.keptMax = keptMax;
  }

  /** Keeps {@code incident} under a new id, made from its time and guest; returns it with that. */
  public Incident save(Incident incident) throws IOException {
    Files.createDirectories(folder);
    String stem = STAMP.format(incident.at()) + "-" + incident.guest() + "-";
    // Whole before it has its name: a kernel that dies meanwhile leaves no id without an incident.
    Path made = folder.resolve(".new-" + ProcessHandle.current().pid() + "-" + serial());
    try {
      for (int n = 1; n <= SAME_SECOND_MAX; n++) {
        Incident named = incident.withId(stem + n);
        if (!Files.exists(file(named.id()))) {
          Json.write(made, named);
          if (take(made, named.id())) {
            prune();
            return named;
          }
        }
      }
    } finally {
      Files.deleteIfExists(made);
    }
    throw new IOException(
        "more than " + SAME_SECOND_MAX + " incidents of " + incident.guest() + " in one second");
  }

  private static long serial() {
    return Thread.currentThread().threadId();
  }

  /** Replaces a saved incident by one with the same id. */
  public void update(Incident incident) throws IOException {
    Json.write(file(incident.id()), incident);
  }

  /** Gives the incident in a file its id, where no other has that. */
  private boolean take(Path made, String id) throws IOException {
    try {
      Files.createLink(file(id), made);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  /**
   * All incidents, oldest first. One that cannot be read is among them, with {@code unreadable} for
   * its cause.
   */
  public List<Incident> list() throws IOException {
    List<Incident> incidents = new ArrayList<>();
    for (String id : ids()) {
      try {
        incidents.add(read(id));
      } catch (NoSuchFileException gone) {
        // Removed meanwhile, being the oldest of too many.
      }
    }
    return incidents;
  }

  /** The incident whose id is, or as the only one begins with, {@code idOrPrefix}. */
  public Optional<Incident> find(String idOrPrefix) throws IOException {
    List<String> matching = ids().stream().filter(id -> id.startsWith(idOrPrefix)).toList();
    if (matching.contains(idOrPrefix)) {
      return Optional.of(read(idOrPrefix));
    }
    return matching.size() == 1 ? Optional.of(read(matching.getFirst())) : Optional.empty();
  }

  /** The newest incident that befell {@code guest}. */
  public Optional<Incident> newestOf(String guest) throws IOException {
    return newestOf(guest, _ -> true);
  }

  /** The newest incident that befell {@code guest} and is wanted, if it is among its last few. */
  public Optional<Incident> newestOf(String guest, Predicate<Incident> wanted) throws IOException {
    int seen = 0;
    for (String id : ids().reversed()) {
      if (guestOf(id).equals(guest) && seen++ < LAST_FEW) {
        try {
          Incident incident = read(id);
          if (wanted.test(incident)) {
            return Optional.of(incident);
          }
        } catch (NoSuchFileException gone) {
          // Removed meanwhile: the one before is the newest.
        }
      }
    }
    return Optional.empty();
  }

  private static String guestOf(String id) {
    return id.substring("yyyyMMdd-HHmmss-".length(), id.lastIndexOf('-'));
  }

  private Incident read(String id) throws IOException {
    try {
      Incident incident = Json.read(file(id), Incident.class);
      return incident.withId(id);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      return unreadable(id, e);
    }
  }

  private Incident unreadable(String id, IOException why) {
    String guest = guestOf(id);
    Instant at;
    try {
      at = STAMP.parse(id.substring(0, "yyyyMMdd-HHmmss".length()), Instant::from);
    } catch (java.time.DateTimeException e) {
      at = Instant.EPOCH;
    }
    String message = String.valueOf(why.getMessage());
    return new Incident(
        id,
        guest,
        at,
        "unreadable",
        "the record of this incident cannot be read: " + message,
        List.of(message),
        List.of(),
        java.util.Map.of(),
        0,
        0,
        "unknown");
  }

  private List<String> ids() throws IOException {
    List<String> ids = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (var files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
        for (Path file : files) {
          String name = file.getFileName().toString();
          if (isIdOf(name) && !isEmpty(file)) {
            ids.add(name.substring(0, name.length() - SUFFIX.length()));
          }
        }
      }
    }
    ids.sort(IncidentStore::compare);
    return ids;
  }

  /** By time and guest, and then by number: -10 comes after -9. */
  private static int compare(String a, String b) {
    int dashA = a.lastIndexOf('-');
    int dashB = b.lastIndexOf('-');
    int byStem = a.substring(0, dashA).compareTo(b.substring(0, dashB));
    int byLength = Integer.compare(a.length() - dashA, b.length() - dashB);
    return byStem != 0 ? byStem : byLength != 0 ? byLength : a.compareTo(b);
  }

  private void prune() throws IOException {
    List<String> ids = ids();
    for (String id : ids.subList(0, Math.max(0, ids.size() - keptMax))) {
      Files.deleteIfExists(file(id));
      Files.deleteIfExists(archive(id));
    }
    removeHalfMade();
  }

  /** What a writer left that died with its kernel. */
  private void removeHalfMade() throws IOException {
    Instant before = Instant.now().minusSeconds(HALF_MADE_SECONDS_MAX);
    try (var files = Files.newDirectoryStream(folder, IncidentStore::isHalfMade)) {
      for (Path file : files) {
        try {
          if (Files.getLastModifiedTime(file).toInstant().isBefore(before)) {
            Files.deleteIfExists(file);
          }
        } catch (NoSuchFileException gone) {
          // Its writer lives.
        }
      }
    }
  }

  private static boolean isHalfMade(Path file) throws IOException {
    String name = file.getFileName().toString();
    boolean named = name.endsWith(SUFFIX) && isIdOf(name);
    return named ? isEmpty(file) : name.startsWith(".new-") || name.startsWith("..new-");
  }

  private static boolean isIdOf(String name) {
    return ID.matcher(name.substring(0, name.length() - SUFFIX.length())).matches();
  }

  private static boolean isEmpty(Path file) throws IOException {
    try {
      return Files.size(file) == 0;
    } catch (NoSuchFileException gone) {
      return true;
    }
  }

  /** Where the evidence of an incident is kept, if any was collected. */
  public Path archive(String id) {
    return folder.resolve(id + ".tar.gz");
  }

  private Path file(String id) {
    return folder.resolve(id + SUFFIX);
  }
}
