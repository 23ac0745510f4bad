package io.tardigrade.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds a library where the host's dynamic linker would: DT_RPATH, DT_RUNPATH, the linker's cache,
 * then its default folders. {@code LD_LIBRARY_PATH} is of the caller's shell and is not followed.
 *
 * <p>Source: ld.so(8).
 */
final class LibrarySearch {
  /** Folders the linker looks in without being told, nearest first. */
  static final List<Path> DEFAULT_FOLDERS =
      List.of(
          Path.of("/lib/x86_64-linux-gnu"),
          Path.of("/usr/lib/x86_64-linux-gnu"),
          Path.of("/lib64"),
          Path.of("/usr/lib64"),
          Path.of("/lib"),
          Path.of("/usr/lib"));

  // "        libc.so.6 (libc6,x86-64, OS ABI: Linux 3.2.0) => /lib/x86_64-linux-gnu/libc.so.6"
  private static final Pattern CACHE_LINE =
      Pattern.compile("^\\s*(\\S+) \\(([^)]*)\\) => (/.+)$", Pattern.MULTILINE);

  private final Map<String, List<Path>> cache;
  private final List<Path> defaults;

  LibrarySearch(Map<String, List<Path>> cache, List<Path> defaults) {
    this.cache = Map.copyOf(cache);
    this.defaults = List.copyOf(defaults);
  }

  /** The search of this host. */
  static LibrarySearch ofHost() throws IOException {
    String listing = HostCommand.run(null, Duration.ofSeconds(30), List.of("ldconfig", "-p"));
    return new LibrarySearch(parseCache(listing), DEFAULT_FOLDERS);
  }

  static Map<String, List<Path>> parseCache(String listing) {
    Map<String, List<Path>> cache = new HashMap<>();
    Matcher matcher = CACHE_LINE.matcher(listing);
    while (matcher.find()) {
      // Variants for newer processors come first, but a guest's processor may be older.
      boolean variant =
          matcher.group(2).contains("hwcap") || matcher.group(3).contains("/glibc-hw");
      if (matcher.group(2).contains("x86-64") && !variant) {
        cache
            .computeIfAbsent(matcher.group(1), name -> new ArrayList<>())
            .add(Path.of(matcher.group(3)));
      }
    }
    return cache;
  }

  /**
   * The file that {@code name}, needed by {@code user}, stands for.
   *
   * @param inheritedRpath folders of DT_RPATH of those that needed {@code user}, nearest first
   * @return null when there is none
   */
  @Nullable Path find(String name, Path user, ElfFile elf, List<Path> inheritedRpath)
      throws IOException {
    if (name.contains("/")) {
      Path named = Path.of(name);
      return named.isAbsolute() && isLibrary(named) ? named : null;
    }
    for (Path candidate : candidates(name, user, elf, inheritedRpath)) {
      if (isLibrary(candidate)) {
        return candidate;
      }
    }
    return null;
  }

  private List<Path> candidates(String name, Path user, ElfFile elf, List<Path> inheritedRpath) {
    List<Path> candidates = new ArrayList<>();
    if (elf.runpath().isEmpty()) {
      folders(elf.rpath(), user).forEach(folder -> candidates.add(folder.resolve(name)));
      inheritedRpath.forEach(folder -> candidates.add(folder.resolve(name)));
    }
    folders(elf.runpath(), user).forEach(folder -> candidates.add(folder.resolve(name)));
    candidates.addAll(cache.getOrDefault(name, List.of()));
    defaults.forEach(folder -> candidates.add(folder.resolve(name)));
    return candidates;
  }

  /** Expands $ORIGIN, $LIB and $PLATFORM in the folders that {@code user} names. */
  static List<Path> folders(List<String> named, Path user) {
    Path parent = user.toAbsolutePath().getParent();
    String origin = parent == null ? "/" : parent.toString();
    List<Path> folders = new ArrayList<>();
    for (String folder : named) {
      String plain =
          expand(
              expand(expand(folder, "ORIGIN", origin), "LIB", "lib/x86_64-linux-gnu"),
              "PLATFORM",
              "x86_64");
      // A relative folder would depend on where the program is started.
      if (plain.startsWith("/") && plain.indexOf('\0') < 0) {
        folders.add(Path.of(plain).normalize());
      }
    }
    return folders;
  }

  private static String expand(String text, String variable, String value) {
    return text.replace("${" + variable + "}", value).replace("$" + variable, value);
  }

  private static boolean isLibrary(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try {
      return ElfFile.readIfElf(file) != null;
    } catch (ImageException otherMachine) {
      // The linker, too, passes over libraries of another architecture.
      return false;
    }
  }
}
