package io.tardigrade.replication;

/** What a member is at the moment; all calls by its one thread. */
sealed interface Role permits Primary, Backup {
  View view();

  void onView(View stored, long nowNanos);

  void onMessage(String from, Message message, long nowNanos);

  void tick(long nowNanos);
}
