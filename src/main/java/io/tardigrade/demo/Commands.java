package io.tardigrade.demo;

/** Runs commands as a user does. */
public interface Commands {
  /** How a command ended, and what it printed. */
  record Said(int code, String out) {}

  /** Runs one to its end. */
  Said command(String... words);
}
