package io.tardigrade.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnnouncementTest {
  private static final Ipv4 ADDRESS = Ipv4.parse("10.117.3.9");

  @Test
  void guestIsAnnouncedAtOnceAndAgainInCaseOneIsLost() throws IOException {
    long start = Long.MAX_VALUE - 5_000_000;
    Announcement announcement = new Announcement(ADDRESS, ADDRESS.mac(), start);
    List<Long> sentMillis = new ArrayList<>();
    boolean finished = false;
    for (long millis = 0; millis <= 3000 && !finished; millis++) {
      long now = start + millis * 1_000_000;
      long at = millis;
      finished =
          announcement.sendWhenDue(
              frame -> {
                assertThat(frame.toArray(ValueLayout.JAVA_BYTE))
                    .isEqualTo(GratuitousArp.frame(ADDRESS.mac(), ADDRESS));
                return sentMillis.add(at);
              },
              now);
    }
    assertThat(sentMillis).containsExactly(0L, 20L, 100L, 500L, 2000L);
    assertThat(announcement.nanosLeft(start)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void waitIsToldUntilTheNextFrame() throws IOException {
    Announcement announcement = new Announcement(ADDRESS, ADDRESS.mac(), 7);
    assertThat(announcement.nanosLeft(7)).isZero();
    assertThat(announcement.sendWhenDue(_ -> false, 7)).isFalse();
    assertThat(announcement.nanosLeft(7 + 5_000_000)).isEqualTo(15_000_000);
  }
}
