package io.tardigrade.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Packs an unmodified program of this host, with all it needs to start, into an initramfs that
 * boots into it. Files keep the absolute paths they have on the host.
 */
public final class Initramfs {
  private static final List<Path> SYSTEM_FILES =
      List.of(
          Path.of("/etc/services"), Path.of("/etc/protocols"), Path.of("/usr/share/zoneinfo/UTC"));

  private final GuestKernel kernel;

  public Initramfs(GuestKernel kernel) {
    this.kernel = kernel;
  }

  /** Writes the initramfs for a program that is looked up in this process's {@code PATH}. */
  public BootPlan build(Path initrd, GuestSettings settings, List<String> argv, List<String> added)
      throws IOException {
    return build(initrd, settings, argv, null, added);
  }

  /**
   * Writes the initramfs for {@code argv} to {@code initrd}, in one step.
   *
   * @param argv the program, a path or a name to be looked up, and its arguments
   * @param searchPath where it is looked up; null for this process's {@code PATH}
   * @param added more files and folders, each {@code SRC} or {@code SRC:DST}
   * @throws ImageException in one line, naming what is missing
   */
  public BootPlan build(
      Path initrd,
      GuestSettings settings,
      List<String> argv,
      @Nullable String searchPath,
      List<String> added)
      throws IOException {
    if (argv.isEmpty()) {
      throw new ImageException("no program was given; name one after `--`");
    }
    String path =
        searchPath != null
            ? searchPath
            : System.getenv().getOrDefault("PATH", CommandLookup.DEFAULT_PATH);
    Path program = CommandLookup.find(argv.getFirst(), path);
    LibraryClosure closure = new LibraryClosure(LibrarySearch.ofHost(), path);
    closure.add(program);
    FileTree tree = new FileTree();
    addExtra(tree, closure, added);
    addClosure(tree, closure);
    for (Path file : SYSTEM_FILES) {
      if (Files.exists(file) && !tree.contains(file.toString())) {
        tree.hostPath(file);
      }
    }
    UserDatabase users = hostUsers();
    UserIds user = settings.user() == null ? UserIds.ROOT : users.resolve(settings.user());
    BootFiles.addSystemFiles(tree, users, user);
    ProgramStart start =
        new ProgramStart(
            program.toString(),
            argv,
            environment(settings, user),
            settings.workingFolder() == null ? "/" : settings.workingFolder(),
            user);
    BootFiles.add(tree, kernel, settings, start);
    return BootFiles.write(tree, kernel, initrd, null);
  }

  private static void addClosure(FileTree tree, LibraryClosure closure) throws IOException {
    for (Path file : closure.files()) {
      tree.hostPath(file);
    }
    for (Map.Entry<String, Path> link : closure.links().entrySet()) {
      String place = LibrarySearch.DEFAULT_FOLDERS.get(1).resolve(link.getKey()).toString();
      if (!tree.contains(place)) {
        tree.link(place, link.getValue().toString());
      }
    }
  }

  private static void addExtra(FileTree tree, LibraryClosure closure, List<String> added)
      throws IOException {
    for (String text : added) {
      AddedPath path = AddedPath.parse(text);
      if (Files.isDirectory(path.source())) {
        tree.hostFolder(path.target(), path.source());
        continue;
      }
      if (Files.isExecutable(path.source()) && ElfFile.readIfElf(path.source()) != null) {
        closure.add(path.source());
      }
      tree.hostFile(path.target(), path.source());
    }
  }

  static Map<String, String> environment(GuestSettings settings, UserIds user) {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("PATH", CommandLookup.DEFAULT_PATH);
    environment.put("HOME", user.home());
    environment.put("HOSTNAME", settings.hostname());
    environment.put("TERM", "linux");
    environment.putAll(settings.environment());
    return environment;
  }

  private static UserDatabase hostUsers() throws IOException {
    return new UserDatabase(
        Files.readString(Path.of("/etc/passwd")), Files.readString(Path.of("/etc/group")));
  }

  /** One file or folder that the user wants in the guest, and where. */
  record AddedPath(Path source, String target) {
    static AddedPath parse(String text) throws ImageException {
      Path whole = path(text);
      if (Files.exists(whole, LinkOption.NOFOLLOW_LINKS)) {
        return checked(text, whole, whole.toAbsolutePath().normalize().toString());
      }
      int colon = text.lastIndexOf(':');
      if (colon <= 0 || colon == text.length() - 1) {
        throw new ImageException(
            "--add " + text + ": no such file or folder; expected SRC or SRC:DST");
      }
      return checked(text, path(text.substring(0, colon)), text.substring(colon + 1));
    }

    private static AddedPath checked(String text, Path source, String target)
        throws ImageException {
      if (!Files.exists(source)) {
        throw new ImageException("--add " + text + ": " + source + " does not exist");
      }
      String normal = path(target).normalize().toString();
      if (!target.startsWith("/")) {
        throw new ImageException("--add " + text + ": the place in the guest must begin with /");
      }
      if ((normal + "/").startsWith(BootFiles.OWN + "/")) {
        throw new ImageException(
            "--add " + text + ": " + BootFiles.OWN + " is ours; choose another");
      }
      return new AddedPath(source.toAbsolutePath().normalize(), normal);
    }

    private static Path path(String text) throws ImageException {
      try {
        return Path.of(text);
      } catch (InvalidPathException e) {
        throw new ImageException("--add " + text + ": cannot be a file's name here", e);
      }
    }
  }
}
