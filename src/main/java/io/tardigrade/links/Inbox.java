package io.tardigrade.links;

import io.tardigrade.replication.Message;

/** Takes what other hosts say; called by many threads. */
public interface Inbox {
  /** Whether what {@code host} says about this guest is to be listened to. */
  boolean admits(String host, String guest);

  /**
   * A message, from whom its stream is proved to be. Must not take long: the stream waits
   * meanwhile, and is broken by its sender where it takes {@link LinkSender#ANSWER_NANOS_MAX}.
   */
  void take(String guest, String from, Message message);
}
