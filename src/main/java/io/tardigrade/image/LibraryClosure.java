package io.tardigrade.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything on the host that a program needs to be started: itself, its dynamic linker, the
 * libraries it needs and those they need, and the interpreter of a script.
 */
final class LibraryClosure {
  private static final int INTERPRETERS_MAX = 4;
  private static final int SHEBANG_BYTES_MAX = 256;
  private static final int FILES_MAX = 10_000;

  /** Libraries that glibc opens by name at run time, for users, host names and thread exit. */
  private static final List<String> OPENED_BY_GLIBC =
      List.of(
          "libnss_files.so.2",
          "libnss_dns.so.2",
          "libresolv.so.2",
          "libgcc_s.so.1",
          "libpthread.so.0");

  private final LibrarySearch search;
  private final String commandPath;
  private final Set<Path> files = new LinkedHashSet<>();
  private final Map<String, Path> links = new LinkedHashMap<>();

  private record Task(Path file, List<Path> inheritedRpath) {}

  /**
   * @param commandPath folders in which commands are looked up, as in {@code PATH}
   */
  LibraryClosure(LibrarySearch search, String commandPath) {
    this.search = search;
    this.commandPath = commandPath;
  }

  /** The files to pack, as absolute paths of the host. Links among them are not followed. */
  Set<Path> files() {
    return Collections.unmodifiableSet(files);
  }

  /**
   * Libraries outside the linker's default folders, by the name they are needed under. A guest has
   * no linker cache, so these get a link in a default folder.
   */
  Map<String, Path> links() {
    return Collections.unmodifiableMap(links);
  }

  /**
   * Adds the program {@code file} with all it needs.
   *
   * @throws ImageException naming the library or interpreter that is missing
   */
  void add(Path file) throws IOException {
    Path program = file;
    for (int depth = 0; depth < INTERPRETERS_MAX; depth++) {
      Path interpreter = addOne(program);
      if (interpreter == null) {
        return;
      }
      program = interpreter;
    }
    throw new ImageException(file + " is a script whose interpreter is a script, too many deep");
  }

  private @Nullable Path addOne(Path program) throws IOException {
    ElfFile elf = ElfFile.readIfElf(program);
    if (elf == null) {
      files.add(program);
      return interpreterOf(program);
    }
    addElf(program, elf);
    return null;
  }

  private void addElf(Path program, ElfFile programElf) throws IOException {
    if (programElf.interpreter() != null) {
      Path linker = Path.of(programElf.interpreter());
      if (!Files.isRegularFile(linker)) {
        throw new ImageException(program + " needs the dynamic linker " + linker + ", not found");
      }
      files.add(linker);
    }
    Deque<Task> tasks = new ArrayDeque<>();
    if (files.add(program)) {
      tasks.add(new Task(program, List.of()));
    }
    while (!tasks.isEmpty()) {
      Task task = tasks.remove();
      // Each file is read when it is first met; the set of files ends the recursion.
      ElfFile elf = task.file.equals(program) ? programElf : ElfFile.readIfElf(task.file);
      if (elf != null) {
        addNeeded(task, elf, tasks);
      }
    }
    if (programElf.interpreter() != null && programElf.interpreter().contains("ld-linux")) {
      addOpenedByGlibc(program, programElf);
    }
  }

  private void addNeeded(Task task, ElfFile elf, Deque<Task> tasks) throws IOException {
    List<Path> rpath = new ArrayList<>(LibrarySearch.folders(elf.rpath(), task.file));
    rpath.addAll(task.inheritedRpath);
    for (String name : elf.needed()) {
      Path library = search.find(name, task.file, elf, task.inheritedRpath);
      if (library == null) {
        throw new ImageException(
            task.file
                + " needs the library "
                + name
                + ", which is not on this host; install the package that has it");
      }
      if (take(name, library)) {
        tasks.add(new Task(library, rpath));
      }
    }
  }

  private boolean take(String name, Path library) throws ImageException {
    boolean inDefaultFolder = LibrarySearch.DEFAULT_FOLDERS.contains(library.getParent());
    if (!inDefaultFolder && !name.contains("/")) {
      links.putIfAbsent(name, library);
    }
    if (files.size() >= FILES_MAX) {
      throw new ImageException("a program needs more than " + FILES_MAX + " libraries");
    }
    return files.add(library);
  }

  private void addOpenedByGlibc(Path program, ElfFile elf) throws IOException {
    for (String name : OPENED_BY_GLIBC) {
      Path library = search.find(name, program, elf, List.of());
      if (library != null) {
        files.add(library);
      }
    }
  }

  private @Nullable Path interpreterOf(Path script) throws IOException {
    byte[] start;
    try (InputStream in = Files.newInputStream(script)) {
      start = in.readNBytes(SHEBANG_BYTES_MAX);
    }
    List<String> words = shebang(start);
    if (words.isEmpty()) {
      return null;
    }
    Path interpreter = Path.of(words.getFirst());
    if (!interpreter.isAbsolute() || !Files.isRegularFile(interpreter)) {
      throw new ImageException("the script " + script + " needs " + interpreter + ", not found");
    }
    if (interpreter.endsWith("env")) {
      add(interpreter);
      return commandOfEnv(words, script);
    }
    return interpreter;
  }

  private Path commandOfEnv(List<String> words, Path script) throws IOException {
    for (String word : words.subList(1, words.size())) {
      if (!word.startsWith("-") && !word.contains("=")) {
        return CommandLookup.find(word, commandPath);
      }
    }
    throw new ImageException("the script " + script + " names env but no command after it");
  }

  /** The words of a {@code #!} line; empty when the file does not begin with one. */
  static List<String> shebang(byte[] start) {
    if (start.length < 3 || start[0] != '#' || start[1] != '!') {
      return List.of();
    }
    int end = 2;
    while (end < start.length && start[end] != '\n' && start[end] != 0) {
      end++;
    }
    String line = new String(start, 2, end - 2, StandardCharsets.UTF_8).strip();
    return line.isEmpty() ? List.of() : List.of(line.split("[ \t]+", -1));
  }
}
