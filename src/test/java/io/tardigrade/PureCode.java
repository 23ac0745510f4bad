package io.tardigrade;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Calendar;
import java.util.Collections;
import java.util.Date;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.Timer;
import java.util.TimerTask;
import java.util.UUID;

/** What code may not do to which time and chance are handed in. */
public final class PureCode {
  private PureCode() {}

  /** Production classes of these packages. */
  public static JavaClasses classesOf(String... packages) {
    return new ClassFileImporter()
        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
        .importPackages(packages);
  }

  /**
   * Fails where one of them knows a clock, a thread, a process or chance.
   *
   * @param but a pattern of names that may
   */
  public static void knowsNoClockThreadOrChance(JavaClasses classes, String but) {
    noClasses()
        .that()
        .haveNameNotMatching(but)
        .should()
        .dependOnClassesThat()
        .areAssignableTo(Thread.class)
        .orShould()
        .dependOnClassesThat(
            belongToAnyOf(
                Process.class,
                ProcessBuilder.class,
                Runtime.class,
                ThreadLocal.class,
                Random.class,
                SplittableRandom.class,
                UUID.class,
                Date.class,
                Calendar.class,
                Timer.class,
                TimerTask.class))
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "identityHashCode", Object.class)
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .callMethod(Collections.class, "shuffle", java.util.List.class)
        .check(classes);
  }
}
