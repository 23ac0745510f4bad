package io.tardigrade.recovery;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.domain.JavaClasses;
import io.tardigrade.PureCode;
import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.UsageException;
import org.junit.jupiter.api.Test;

/** The ladder, the detectors and the simulated host touch nothing but what is handed in. */
class PureDecisionsTest {
  private static final JavaClasses CLASSES =
      PureCode.classesOf("io.tardigrade.recovery", "io.tardigrade.monitor", "io.tardigrade.story");

  @Test
  void onlySourcesAndTheEdgesOfStoriesDoIo() {
    classes()
        .that()
        .haveNameNotMatching(".*\\.(\\w+Source(\\$.*)?|BoundedFile|MetricText|Stories(\\$.*)?)")
        .should()
        .onlyDependOnClassesThat(
            resideInAPackage("io.tardigrade.recovery")
                .or(resideInAPackage("io.tardigrade.monitor"))
                .or(resideInAPackage("io.tardigrade.story"))
                .or(type(Quantities.class))
                .or(type(UsageException.class))
                .or(resideInAPackage("java.lang"))
                .or(resideInAPackage("java.lang.runtime"))
                .or(resideInAPackage("java.lang.invoke"))
                .or(type(java.nio.charset.StandardCharsets.class))
                .or(type(java.nio.charset.Charset.class))
                .or(resideInAPackage("java.util"))
                .or(resideInAPackage("java.util.function"))
                .or(resideInAPackage("java.util.regex"))
                .or(resideInAPackage("java.util.stream"))
                .or(resideInAPackage("org.jspecify.annotations")))
        .check(CLASSES);
  }

  @Test
  void nothingButSourcesKnowsAClockAThreadOrChance() {
    PureCode.knowsNoClockThreadOrChance(CLASSES, ".*\\.\\w+Source(\\$.*)?");
  }
}
