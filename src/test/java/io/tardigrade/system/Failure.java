package io.tardigrade.system;

import java.io.IOException;
import java.util.List;
import java.util.Random;

/** What befalls a host or a link of a lab, and how it ends. Each takes back all it did. */
enum Failure {
  PRIMARY_LOSES_POWER,
  BACKUP_LOSES_POWER,
  PRIMARY_STANDS_STILL,
  BACKUP_STANDS_STILL,
  LINK_IS_CUT,
  LINK_IS_CUT_ONE_WAY,
  LINKS_ARE_SLOW;

  private static final long MILLI = 1_000_000;

  /** Who and where, and for how long. */
  record Plan(Failure failure, String primary, String a, String b, long holdMillis, long delay) {
    @Override
    public String toString() {
      String where =
          switch (failure) {
            case PRIMARY_LOSES_POWER, PRIMARY_STANDS_STILL -> primary;
            case BACKUP_LOSES_POWER, BACKUP_STANDS_STILL -> a;
            case LINK_IS_CUT -> a + " and " + b;
            case LINK_IS_CUT_ONE_WAY -> a + " to " + b;
            case LINKS_ARE_SLOW -> "by " + delay / MILLI + " ms";
          };
      return "%s %s (primary %s) for %d ms"
          .formatted(
              failure.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '),
              where,
              primary,
              holdMillis);
    }

    /** Brings it about. */
    void begin(FailureLab in) throws IOException {
      switch (failure) {
        case PRIMARY_LOSES_POWER -> in.lab().kill(primary);
        case BACKUP_LOSES_POWER -> in.lab().kill(a);
        case PRIMARY_STANDS_STILL -> in.lab().pause(primary);
        case BACKUP_STANDS_STILL -> in.lab().pause(a);
        case LINK_IS_CUT -> in.lab().cut(a, b, true);
        case LINK_IS_CUT_ONE_WAY -> in.lab().cut(a, b, false);
        case LINKS_ARE_SLOW -> slow(in, delay);
      }
    }

    /** Takes it back. */
    void end(FailureLab in) throws IOException {
      switch (failure) {
        case PRIMARY_LOSES_POWER -> in.lab().start(primary);
        case BACKUP_LOSES_POWER -> in.lab().start(a);
        case PRIMARY_STANDS_STILL -> in.lab().resume(primary);
        case BACKUP_STANDS_STILL -> in.lab().resume(a);
        case LINK_IS_CUT, LINK_IS_CUT_ONE_WAY, LINKS_ARE_SLOW -> in.lab().heal();
      }
    }

    private void slow(FailureLab in, long nanos) throws IOException {
      in.lab().link("h1", "h2", nanos, 0, 0, true);
      in.lab().link("h1", "h3", nanos, 0, 0, true);
      in.lab().link("h2", "h3", nanos, 0, 0, true);
    }
  }

  /** One of this kind, by chance. */
  Plan plan(String primary, Random random) {
    List<String> hosts = List.of("h1", "h2", "h3");
    List<String> backups = hosts.stream().filter(host -> !host.equals(primary)).toList();
    boolean cut = this == LINK_IS_CUT || this == LINK_IS_CUT_ONE_WAY;
    String a = cut ? hosts.get(random.nextInt(3)) : backups.get(random.nextInt(2));
    List<String> others = hosts.stream().filter(host -> !host.equals(a)).toList();
    return new Plan(
        this,
        primary,
        a,
        others.get(random.nextInt(2)),
        500 + random.nextInt(4500),
        (5 + random.nextInt(25)) * MILLI);
  }

  /** Any of them. */
  static Failure any(Random random) {
    return values()[random.nextInt(values().length)];
  }
}
