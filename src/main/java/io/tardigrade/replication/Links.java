package io.tardigrade.replication;

/** The ways to other hosts, each a stream that is authenticated and encrypted by its edge. */
public interface Links {
  /**
   * Sends, or loses, a message; never waits. What comes the other way is handed to {@link
   * Member#onMessage} with the name that the peer's certificate proves.
   */
  void send(String host, Message message);
}
