package io.tardigrade.architecture;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.lang.foreign.Linker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What holds of the source as a whole. */
class ArchitectureTest {
  private static final String ROOT = "io.tardigrade.";
  private static final Path SOURCES = Path.of("src/main/java/io/tardigrade");
  private static final int LINES_MAX = 600;
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.tardigrade");

  /**
   * What each room of the data plane may use besides the JDK and libraries; rooms above it (command
   * line, agent, demo, benchmark) may use anything that makes no cycle.
   */
  private static final Map<String, Set<String>> MAY_USE =
      Map.of(
          "linux", Set.of(),
          "core", Set.of(),
          "memory", Set.of("linux"),
          "qemu", Set.of("linux"),
          "network", Set.of("linux"),
          "block", Set.of("linux"),
          "checkpoint", Set.of("linux"),
          "image", Set.of("linux"),
          "guest", Set.of("qemu"),
          "incident", Set.of("guest"));

  private static Map<Path, String> sources() throws IOException {
    Map<Path, String> sources = new TreeMap<>();
    try (Stream<Path> files = Files.walk(SOURCES)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        sources.put(file, Files.readString(file));
      }
    }
    assertThat(sources).hasSizeGreaterThan(100);
    return sources;
  }

  private static String room(String className) {
    String rest = className.substring(ROOT.length());
    int dot = rest.indexOf('.');
    return dot < 0 ? "" : rest.substring(0, dot);
  }

  /** Which rooms each room uses. */
  private static Map<String, Set<String>> uses() {
    Map<String, Set<String>> uses = new TreeMap<>();
    CLASSES.forEach(c ->
        c.getDirectDependenciesFromSelf()
            .forEach(dependency -> {
              String target = dependency.getTargetClass().getBaseComponentType().getName();
              if (target.startsWith(ROOT) && !room(target).equals(room(c.getName()))) {
                uses.computeIfAbsent(room(c.getName()), r -> new TreeSet<>()).add(room(target));
              }
            }));
    return uses;
  }

  @Test
  void coreIsPure() {
    classes()
        .that()
        .resideInAPackage("io.tardigrade.core..")
        .should()
        .onlyDependOnClassesThat(
            resideInAPackage("io.tardigrade.core..")
                .or(resideInAPackage("java.lang"))
                .or(resideInAPackage("java.lang.runtime"))
                .or(resideInAPackage("java.lang.invoke"))
                .or(resideInAPackage("java.util"))
                .or(resideInAPackage("java.util.function"))
                .or(resideInAPackage("java.util.stream"))
                .or(resideInAPackage("org.jspecify.annotations")))
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("io.tardigrade.core..")
        .should()
        .dependOnClassesThat()
        .areAssignableTo(Thread.class)
        .orShould()
        .callMethodWhere(target(owner(name("java.lang.System"))).and(target(name("nanoTime"))))
        .orShould()
        .callMethodWhere(
            target(owner(name("java.lang.System"))).and(target(name("currentTimeMillis"))))
        .orShould()
        .callMethodWhere(target(owner(name("java.lang.Math"))).and(target(name("random"))))
        .orShould()
        .callMethodWhere(target(owner(name("java.util.UUID"))).and(target(name("randomUUID"))))
        .check(CLASSES);
  }

  @Test
  void onlyTheLinuxPackageCallsTheKernel() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.tardigrade.linux")
        .should()
        .dependOnClassesThat()
        .areAssignableTo(Linker.class)
        .check(CLASSES);
  }

  @Test
  void roomsUseOnlyWhatLiesBelowThem() {
    Map<String, Set<String>> uses = uses();
    assertThat(uses).isNotEmpty();
    MAY_USE.forEach((room, allowed) ->
        assertThat(allowed)
            .as("rooms that %s uses", room)
            .containsAll(uses.getOrDefault(room, Set.of())));
  }

  @Test
  void noRoomsUseEachOtherInACircle() {
    Map<String, Set<String>> reach = uses();
    boolean grew = true;
    while (grew) {
      grew = false;
      for (Set<String> targets : reach.values()) {
        for (String target : List.copyOf(targets)) {
          grew |= targets.addAll(reach.getOrDefault(target, Set.of()));
        }
      }
    }
    Set<String> inCircle = new TreeSet<>();
    reach.forEach((room, targets) -> {
      if (targets.contains(room)) {
        inCircle.add(room);
      }
    });
    assertThat(inCircle).isEmpty();
  }

  /** Agent and guardians start each other: the circle is one of names, not of classes. */
  @Test
  void programThatIsStartedByItsNameIsThere() throws Exception {
    assertThat(
            Class.forName(io.tardigrade.process.AgentLauncher.MAIN)
                .getMethod("main", String[].class))
        .isNotNull();
  }

  @Test
  void everyPackageSaysWhatItIsAndIsNullMarked() throws IOException {
    Set<Path> packages = new TreeSet<>();
    sources().keySet().forEach(file -> packages.add(file.getParent()));
    for (Path folder : packages) {
      Path info = folder.resolve("package-info.java");
      assertThat(info).exists();
      assertThat(Files.readString(info)).as("%s", info).startsWith("/**").contains("@NullMarked");
    }
  }

  @Test
  void noFileIsTooLongToRead() throws IOException {
    sources()
        .forEach((file, text) ->
            assertThat(text.lines().count()).as("%s", file).isLessThanOrEqualTo(LINES_MAX));
  }

  @Test
  void onlyMainsEndTheProcess() throws IOException {
    Pattern end = Pattern.compile("System\\.exit\\(|Runtime\\.getRuntime\\(\\)\\s*\\.halt\\(");
    sources()
        .forEach((file, text) -> {
          if (!text.contains("public static void main(String")) {
            assertThat(end.matcher(text).find()).as("%s ends the process", file).isFalse();
          }
        });
  }

  @Test
  void nothingIsLeftForLaterInComments() throws IOException {
    Pattern later = Pattern.compile("\\b(TODO|FIXME|XXX|HACK)\\b");
    sources()
        .forEach((file, text) -> assertThat(later.matcher(text).find()).as("%s", file).isFalse());
  }

  @Test
  void wordsAreThoseOfTheGlossary() throws IOException {
    // Words of identifiers, not of text: another program's own terms may be quoted. A link's
    // "master" is what ip(8) calls its bridge.
    Pattern synonym =
        Pattern.compile(
            "\\b(?!master\\b)\\w*(snapshot|slave|master|failback)\\w*", Pattern.CASE_INSENSITIVE);
    Pattern text = Pattern.compile("\"(?:\\\\.|[^\"\\\\])*\"|//.*|(?s:/\\*.*?\\*/)");
    sources()
        .forEach((file, source) -> {
          Matcher matcher = synonym.matcher(text.matcher(source).replaceAll(""));
          assertThat(matcher.find() ? matcher.group() : "").as("%s", file).isEmpty();
        });
  }
}
