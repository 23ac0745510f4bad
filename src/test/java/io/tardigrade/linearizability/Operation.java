package io.tardigrade.linearizability;

import org.jspecify.annotations.Nullable;

/**
 * One operation of a client on one register, as the client saw it.
 *
 * @param client who did it; a client does one after the other, until one has no known outcome
 * @param key which register
 * @param write the value written, null for a read
 * @param read the value that a read returned, null where the register held none; meaningless for a
 *     write
 * @param calledNanos when it was asked for
 * @param returnedNanos when its answer came; {@link #NEVER} where none did: it may have taken
 *     effect at any time since, or may yet, or never
 */
public record Operation(
    int client,
    String key,
    @Nullable String write,
    @Nullable String read,
    long calledNanos,
    long returnedNanos) {
  public static final long NEVER = Long.MAX_VALUE;

  public Operation {
    if (returnedNanos < calledNanos) {
      throw new IllegalArgumentException("an answer before its question: " + key);
    }
  }

  public static Operation write(int client, String key, String value, long called, long returned) {
    return new Operation(client, key, value, null, called, returned);
  }

  public static Operation read(
      int client, String key, @Nullable String value, long called, long returned) {
    return new Operation(client, key, null, value, called, returned);
  }

  boolean isRead() {
    return write == null;
  }

  boolean isAnswered() {
    return returnedNanos != NEVER;
  }

  @Override
  public String toString() {
    return "client %d %s %s%s [%d, %s]"
        .formatted(
            client,
            key,
            isRead() ? "read " : "wrote ",
            isRead() ? String.valueOf(isAnswered() ? read : "?") : write,
            calledNanos,
            isAnswered() ? Long.toString(returnedNanos) : "never");
  }
}
