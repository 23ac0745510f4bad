package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tardigrade.network.PortForward;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class PublishingTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final List<PortForward> PORTS = List.of(PortForward.parse("8080:80"));

  private final List<List<PortForward>> published = new CopyOnWriteArrayList<>();
  private final List<String> told = new CopyOnWriteArrayList<>();

  private Publishing publishing(List<PortForward> ports) {
    return new Publishing("kv", ports, (guest, forwards) -> published.add(forwards), told::add);
  }

  @Test
  void portsArePublishedWhereTheGuestRunsAndNotWhereItDoesNot() {
    Publishing publishing = publishing(PORTS);
    publishing.runsHere(false);
    await().atMost(SOON).until(() -> published.equals(List.of(List.of())));
    publishing.runsHere(true);
    await().atMost(SOON).until(() -> published.equals(List.of(List.of(), PORTS)));
  }

  @Test
  void whatWasSaidLastCountsHoweverFastItFollows() {
    Publishing publishing = publishing(PORTS);
    for (int i = 0; i < 100; i++) {
      publishing.runsHere(true);
      publishing.runsHere(false);
    }
    await().atMost(SOON).until(() -> published.size() == 200);
    assertThat(published.getLast()).isEmpty();
  }

  @Test
  void guestWithoutPortsTouchesNoNetwork() throws Exception {
    publishing(List.of()).runsHere(true);
    Thread.sleep(50);
    assertThat(published).isEmpty();
  }

  @Test
  void portThatIsTakenIsTold() {
    Publishing publishing =
        new Publishing(
            "kv",
            PORTS,
            (guest, forwards) -> {
              throw new IOException("port 8080 is taken by guest 'web'");
            },
            told::add);
    publishing.runsHere(true);
    await().atMost(SOON).until(() -> !told.isEmpty());
    assertThat(told)
        .containsExactly(
            "its ports are not published on this host: port 8080 is taken by guest 'web'");
  }
}
