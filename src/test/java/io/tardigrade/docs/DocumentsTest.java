package io.tardigrade.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.cli.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents say of the tests, commands, exit codes and files of this tree is so. */
final class DocumentsTest {
  private static final Path ROOT = Path.of("").toAbsolutePath();
  private static final Path TESTS = ROOT.resolve("src/test/java");
  private static final Pattern TEST_NAME =
      Pattern.compile("`(?:([a-z]+)\\.)?([A-Z][A-Za-z0-9]*Test)(?:#([A-Za-z0-9]+))?`");
  private static final Pattern PROMISE =
      Pattern.compile("^\\| P(\\d+) \\|(.*)$", Pattern.MULTILINE);
  private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
  private static final Pattern BLOCK = Pattern.compile("```[a-z]*\n(.*?)```", Pattern.DOTALL);
  private static final Pattern EXIT_ROW = Pattern.compile("^\\| (\\d+) \\| (.+?) \\|$");
  private static final Pattern COMMAND_USE =
      Pattern.compile("(?<![\\w/])\\./tardigrade +((?:[a-z][a-z-]*)(?: +[a-z][a-z-]*)?)");
  private static final Pattern COMMAND_CLASS =
      Pattern.compile(
          "@Command\\((.*?)\\)\\s*(?:private |static |public |final )*class", Pattern.DOTALL);
  private static final Pattern NAMES =
      Pattern.compile("(?:name = |aliases = \\{?)((?:\"[a-z-]+\"(?:, )?)+)");
  private static final Pattern BOUND = Pattern.compile("`([A-Z][A-Za-z0-9]*)\\.([A-Z][A-Z0-9_]*)`");

  /** In {@code tardigrade} itself rather than in Java. */
  private static final Set<String> SCRIPT_COMMANDS = Set.of("test");

  private static List<Path> documents() throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> top = Files.list(ROOT);
        Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      Stream.concat(top, docs).filter(file -> file.toString().endsWith(".md")).forEach(found::add);
    }
    assertThat(found).hasSizeGreaterThan(10);
    return found;
  }

  private static String read(String name) throws IOException {
    return Files.readString(ROOT.resolve(name));
  }

  /** Sources below {@code folder} by class name; several packages may have one of a name. */
  private static Map<String, List<Path>> sources(Path folder) throws IOException {
    Map<String, List<Path>> byClass = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .filter(file -> file.toString().endsWith(".java"))
          .forEach(file ->
              byClass
                  .computeIfAbsent(
                      file.getFileName().toString().replace(".java", ""), name -> new ArrayList<>())
                  .add(file));
    }
    return byClass;
  }

  @Test
  void everyTestNamedInTheSpecificationExists() throws IOException {
    Map<String, List<Path>> tests = sources(TESTS);
    List<String> missing = new ArrayList<>();
    Matcher named = TEST_NAME.matcher(read("SPECIFICATION.md"));
    int count = 0;
    while (named.find()) {
      count++;
      if (!exists(tests.getOrDefault(named.group(2), List.of()), named.group(1), named.group(3))) {
        missing.add(named.group());
      }
    }
    assertThat(count).isGreaterThan(30);
    assertThat(missing).as("tests named in SPECIFICATION.md that do not exist").isEmpty();
  }

  private static boolean exists(List<Path> candidates, String inPackage, String method)
      throws IOException {
    for (Path file : candidates) {
      boolean placed =
          inPackage == null || file.getParent().getFileName().toString().equals(inPackage);
      if (placed && (method == null || declares(Files.readString(file), method))) {
        return true;
      }
    }
    return false;
  }

  /** Whether {@code source} has a method of this name right below a test annotation. */
  private static boolean declares(String source, String method) {
    return Pattern.compile(
            "@(?:Test|ParameterizedTest|RepeatedTest)\\b[^;{}]*?(?:\\{[^}]*}[^;{}]*?)?\\bvoid "
                + method
                + "\\(")
        .matcher(source)
        .find();
  }

  @Test
  void promisesAreNumberedWithoutGapsAndEachIsProvedOrSaysThatItIsNot() throws IOException {
    Matcher promise = PROMISE.matcher(read("SPECIFICATION.md"));
    int last = 0;
    while (promise.find()) {
      assertThat(Integer.parseInt(promise.group(1))).isEqualTo(++last);
      String row = promise.group(2);
      assertThat(TEST_NAME.matcher(row).find() || row.contains("not proved"))
          .as("P%d names a test or says 'not proved'", last)
          .isTrue();
    }
    assertThat(last).isGreaterThan(10);
  }

  @Test
  void everyRelativeLinkLeadsSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path document : documents()) {
      Matcher link = LINK.matcher(Files.readString(document));
      while (link.find()) {
        String target = link.group(1);
        if (!target.contains("://")
            && !target.startsWith("#")
            && !Files.exists(document.resolveSibling(target.replaceAll("#.*", "")))) {
          broken.add(ROOT.relativize(document) + " -> " + target);
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  @Test
  void theTableOfExitCodesIsThatOfTheProgram() throws IOException {
    Map<Integer, String> documented = new LinkedHashMap<>();
    for (String line : section("README.md", "## Exit codes").split("\n")) {
      Matcher row = EXIT_ROW.matcher(line);
      if (row.matches()) {
        documented.put(Integer.parseInt(row.group(1)), row.group(2));
      }
    }
    Map<Integer, String> real = new LinkedHashMap<>();
    for (ExitCode code : ExitCode.values()) {
      real.put(code.code(), code.meaning());
    }
    assertThat(documented).isEqualTo(real);
  }

  private static String section(String document, String heading) throws IOException {
    String text = read(document);
    int start = text.indexOf(heading + "\n");
    assertThat(start).as("%s has a section '%s'", document, heading).isNotNegative();
    int end = text.indexOf("\n## ", start + 1);
    return end < 0 ? text.substring(start) : text.substring(start, end);
  }

  @Test
  void everyCommandInACodeBlockIsOneOfTheProgram() throws IOException {
    Set<String> known = commandNames();
    List<String> unknown = new ArrayList<>();
    int count = 0;
    for (String document : List.of("README.md", "docs/commands.md")) {
      Matcher block = BLOCK.matcher(read(document));
      while (block.find()) {
        Matcher use = COMMAND_USE.matcher(block.group(1));
        while (use.find()) {
          count++;
          String[] words = use.group(1).split(" +");
          boolean group = Set.of("incident", "volume", "host", "lab").contains(words[0]);
          if (!known.contains(words[0]) || (group && !known.contains(words[words.length - 1]))) {
            unknown.add(document + ": " + use.group());
          }
        }
      }
    }
    assertThat(count).isGreaterThan(10);
    assertThat(unknown).isEmpty();
  }

  @Test
  void everyCommandIsInTheReference() throws IOException {
    String reference = read("docs/commands.md");
    for (String name : commandNames()) {
      Pattern entry =
          Pattern.compile(
              "(?:`|^## |`(?:incident|volume|host|lab) )" + name + "\\b", Pattern.MULTILINE);
      assertThat(entry.matcher(reference).find())
          .as("docs/commands.md says something of '%s'", name)
          .isTrue();
    }
  }

  /** From the sources of the command line, which keep their model to themselves. */
  private static Set<String> commandNames() throws IOException {
    Set<String> names = new TreeSet<>(SCRIPT_COMMANDS);
    for (List<Path> files : sources(ROOT.resolve("src/main/java/io/tardigrade/cli")).values()) {
      String source = Files.readString(files.getFirst());
      Matcher command = COMMAND_CLASS.matcher(source);
      while (command.find()) {
        if (!command.group(1).contains("hidden = true")) {
          addNames(command.group(1), names);
        }
      }
    }
    // The program itself, above all commands.
    names.remove("tardigrade");
    assertThat(names).contains("run", "list", "incident", "show", "volume", "delete", "rm");
    return names;
  }

  private static void addNames(String annotation, Set<String> names) {
    Matcher listed = NAMES.matcher(annotation);
    while (listed.find()) {
      for (String quoted : listed.group(1).split(", ")) {
        names.add(quoted.replace("\"", ""));
      }
    }
  }

  @Test
  void everyBoundNamesAConstantThatExists() throws IOException {
    Map<String, List<Path>> sources = sources(ROOT.resolve("src/main/java"));
    List<String> missing = new ArrayList<>();
    Matcher bound = BOUND.matcher(read("docs/limits-and-timeouts.md"));
    int count = 0;
    while (bound.find()) {
      count++;
      boolean found = false;
      for (Path file : sources.getOrDefault(bound.group(1), List.of())) {
        found |= Files.readString(file).contains(" " + bound.group(2) + " =");
      }
      if (!found) {
        missing.add(bound.group());
      }
    }
    assertThat(count).isGreaterThan(30);
    assertThat(missing).isEmpty();
  }
}
