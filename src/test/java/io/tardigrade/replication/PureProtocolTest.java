package io.tardigrade.replication;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import io.tardigrade.PureCode;
import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.UsageException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Members of views and the simulator touch nothing but what is handed in. */
class PureProtocolTest {
  private static final JavaClasses CLASSES =
      PureCode.classesOf("io.tardigrade.replication", "io.tardigrade.simulation");

  @Test
  void nothingDoesIo() {
    classes()
        .should()
        .onlyDependOnClassesThat(
            resideInAPackage("io.tardigrade.replication")
                .or(resideInAPackage("io.tardigrade.simulation"))
                .or(resideInAPackage("java.lang"))
                .or(resideInAPackage("java.lang.runtime"))
                .or(resideInAPackage("java.lang.invoke"))
                .or(resideInAPackage("java.nio"))
                .or(
                    belongToAnyOf(
                        Charset.class,
                        StandardCharsets.class,
                        Quantities.class,
                        UsageException.class))
                .or(resideInAPackage("java.util"))
                .or(resideInAPackage("java.util.function"))
                .or(resideInAPackage("java.util.stream"))
                .or(resideInAPackage("java.util.zip"))
                .or(resideInAPackage("org.jspecify.annotations")))
        .check(CLASSES);
  }

  @Test
  void nothingKnowsAClockAThreadOrChance() {
    // Its chance comes from the seed.
    PureCode.knowsNoClockThreadOrChance(CLASSES, ".*\\.World(\\$.*)?");
  }

  @Test
  void replicationKnowsNothingOfItsSimulator() {
    noClasses()
        .that()
        .resideInAPackage("io.tardigrade.replication")
        .should()
        .dependOnClassesThat(resideInAPackage("io.tardigrade.simulation"))
        .check(CLASSES);
  }
}
