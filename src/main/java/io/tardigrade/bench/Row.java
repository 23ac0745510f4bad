package io.tardigrade.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One line of the result. Values are in base units of {@code quantity}; what does not apply is
 * null.
 *
 * @param group name of the measure
 * @param title what was measured
 * @param unprotected the same guest without protection
 * @param guarded the protected guest's value
 * @param alternative what the title names as such
 * @param difference protected minus unprotected
 * @param ratio protected by unprotected, or by the alternative where that is compared with
 * @param target in words, for rows that have one
 * @param verdict whether the target is met
 * @param note why a value is missing, or how it came about
 */
public record Row(
    String group,
    String title,
    Quantity quantity,
    @Nullable Double unprotected,
    @JsonProperty("protected") @Nullable Double guarded,
    @Nullable Double alternative,
    @Nullable Double difference,
    @Nullable Double ratio,
    @Nullable String target,
    Verdict verdict,
    @Nullable String note) {

  /** What became of a target. */
  public enum Verdict {
    MET,
    MISSED,
    /** Could not be measured, which is not met either. */
    NOT_MEASURED,
    /** The row has no target. */
    NONE
  }

  static Row info(String group, String title, Quantity quantity) {
    return new Row(group, title, quantity, null, null, null, null, null, null, Verdict.NONE, null);
  }

  /** An empty row of a goal, to be filled in; until then it counts as not measured. */
  static Row of(Goal goal) {
    return new Row(
        goal.group(),
        goal.title(),
        goal.quantity(),
        null,
        null,
        null,
        null,
        null,
        goal.text(),
        Verdict.NOT_MEASURED,
        null);
  }

  Row unprotected(double value) {
    return new Row(
        group,
        title,
        quantity,
        value,
        guarded,
        alternative,
        difference,
        ratio,
        target,
        verdict,
        note);
  }

  Row guarded(double value) {
    return new Row(
        group,
        title,
        quantity,
        unprotected,
        value,
        alternative,
        difference,
        ratio,
        target,
        verdict,
        note);
  }

  Row alternative(double value) {
    return new Row(
        group,
        title,
        quantity,
        unprotected,
        guarded,
        value,
        difference,
        ratio,
        target,
        verdict,
        note);
  }

  Row difference(double value) {
    return new Row(
        group,
        title,
        quantity,
        unprotected,
        guarded,
        alternative,
        value,
        ratio,
        target,
        verdict,
        note);
  }

  Row ratio(double value) {
    return new Row(
        group,
        title,
        quantity,
        unprotected,
        guarded,
        alternative,
        difference,
        value,
        target,
        verdict,
        note);
  }

  Row note(String text) {
    return new Row(
        group,
        title,
        quantity,
        unprotected,
        guarded,
        alternative,
        difference,
        ratio,
        target,
        verdict,
        text);
  }

  /** With the verdict on what the goal judges. */
  Row judge(Goal goal) {
    @Nullable Double judged = judged(goal);
    Verdict decided =
        judged == null ? Verdict.NOT_MEASURED : goal.isMetBy(judged) ? Verdict.MET : Verdict.MISSED;
    return new Row(
        group,
        title,
        quantity,
        unprotected,
        guarded,
        alternative,
        difference,
        ratio,
        target,
        decided,
        note);
  }

  /** Where the target is missed, with a note by how much. */
  Row withFactor(List<Goal> goals) {
    if (verdict != Verdict.MISSED) {
      return this;
    }
    for (Goal goal : goals) {
      @Nullable Double judged = judged(goal);
      if (goal.group().equals(group) && goal.title().equals(title) && judged != null) {
        double factor = goal.atMost() ? judged / goal.limit() : goal.limit() / judged;
        String text = String.format(Locale.ROOT, "missed by a factor of %.1f", factor);
        return note(note == null || note.isEmpty() ? text : text + "; " + note);
      }
    }
    return this;
  }

  private @Nullable Double judged(Goal goal) {
    return switch (goal.judged()) {
      case PROTECTED -> guarded;
      case DIFFERENCE -> difference;
      case RATIO -> ratio;
    };
  }

  /** A value for people, {@code -} where there is none. */
  public String text(@Nullable Double value) {
    return value == null ? "-" : quantity.text(value);
  }

  /** Ratio or difference for people. */
  public String change() {
    if (ratio != null) {
      return "x " + Quantity.RATIO.text(ratio);
    }
    return difference == null ? "-" : (difference < 0 ? "" : "+") + quantity.text(difference);
  }
}
