package io.tardigrade.replication;

/** Takes the sentences in which a member says what it does and why; operators read them. */
@FunctionalInterface
public interface Journal {
  /** One line. */
  void say(String line);
}
