package io.tardigrade.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.system.Guest.Victim;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Traffic of every kind, in every direction, while hypervisors are killed. */
@Tag("aside")
final class TrafficTest extends SystemTest {
  private static final long DOWNLOAD_BYTES = 32L << 20;

  private int publishedPort;
  private Guest guest;

  @BeforeAll
  void start() throws Exception {
    try (ServerSocket free = new ServerSocket(0)) {
      publishedPort = free.getLocalPort();
    }
    guest =
        host()
            .runShared(
                "two-cpus",
                "--vcpus",
                "2",
                "--publish",
                publishedPort + ":" + Probe.PORT,
                "--",
                Probe.program().toString());
    try (CountingClient client = guest.countWithProbe()) {
      client.await(5);
    }
  }

  private void killHypervisor(Guest beneath, CountingClient client) throws Exception {
    beneath.awaitProtected();
    long killed = beneath.kill(Victim.HYPERVISOR);
    client.await(20);
    beneath.awaitProtectedAfter(Victim.HYPERVISOR, killed);
  }

  @Test
  void guestWithTwoCpusGoesOnWhileBothCompute() throws Exception {
    try (CountingClient client = guest.countWithProbe()) {
      client.await(20);
      for (int i = 0; i < 6; i++) {
        killHypervisor(guest, client);
      }
    }
  }

  @Test
  void publishedPortStaysConnected() throws Exception {
    try (CountingClient client = CountingClient.probe("127.0.0.1", publishedPort)) {
      client.await(20);
      killHypervisor(guest, client);
      guest.awaitProtected();
      long killed = guest.kill(Victim.GUARDIAN);
      client.await(20);
      guest.awaitProtectedAfter(Victim.GUARDIAN, killed);
    }
  }

  @Test
  void bulkDownloadArrivesWhole() throws Exception {
    AtomicLong received = new AtomicLong();
    CompletableFuture<String> download = CompletableFuture.supplyAsync(() -> download(received));
    int kills = 0;
    for (long at = DOWNLOAD_BYTES / 8; at < DOWNLOAD_BYTES * 7 / 8; at += DOWNLOAD_BYTES / 4) {
      long from = at;
      Guest.await("download is at " + at).until(() -> received.get() >= from || download.isDone());
      if (!download.isDone()) {
        long killed = guest.kill(Victim.HYPERVISOR);
        guest.awaitProtectedAfter(Victim.HYPERVISOR, killed);
        kills++;
      }
    }
    assertThat(download.get()).isEqualTo(digest(Probe.bytes(DOWNLOAD_BYTES), new AtomicLong()));
    assertThat(kills).as("kills during the download").isPositive();
  }

  private String download(AtomicLong received) {
    try (Socket socket = Probe.open(guest.address(), Probe.PORT, "bytes " + DOWNLOAD_BYTES)) {
      return digest(socket.getInputStream(), received);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static String digest(InputStream stream, AtomicLong received) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      InputStream in = new DigestInputStream(new java.io.BufferedInputStream(stream), digest);
      byte[] buffer = new byte[65_536];
      while (received.get() < DOWNLOAD_BYTES) {
        int wanted = (int) Math.min(buffer.length, DOWNLOAD_BYTES - received.get());
        int n = in.read(buffer, 0, wanted);
        if (n < 0) {
          throw new IOException("ended after " + received + " bytes");
        }
        received.addAndGet(n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void connectionThatTheGuestOpenedGoesOn() throws Exception {
    String gateway = guest.files().spec().gateway();
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName(gateway))) {
      server.setSoTimeout(30_000);
      assertThat(Probe.ask(guest.address(), "call " + gateway + " " + server.getLocalPort()))
          .isEqualTo("ok");
      try (Socket call = server.accept();
          BufferedReader in =
              new BufferedReader(
                  new InputStreamReader(call.getInputStream(), StandardCharsets.US_ASCII))) {
        call.setSoTimeout(60_000);
        long next = echo(call, in, 1, 20);
        for (int i = 0; i < 3; i++) {
          guest.awaitProtected();
          long killed = guest.kill(Victim.HYPERVISOR);
          next = echo(call, in, next, 50);
          guest.awaitProtectedAfter(Victim.HYPERVISOR, killed);
        }
      }
    }
  }

  private static long echo(Socket call, BufferedReader in, long from, int count)
      throws IOException {
    for (long n = from; n < from + count; n++) {
      assertThat(in.readLine()).isEqualTo("count");
      call.getOutputStream().write((n + "\n").getBytes(StandardCharsets.US_ASCII));
    }
    return from + count;
  }

  @Test
  void guestsReachEachOtherWhileBothAreKilled() throws Exception {
    Guest other = host().run("other", "--memory", "1G", "--", Probe.program().toString());
    try (CountingClient client = guest.countWithProbe();
        CountingClient otherClient = other.countWithProbe()) {
      client.await(10);
      otherClient.await(10);
      Probe.ask(guest.address(), "call " + other.address() + " " + Probe.PORT);
      long broken = broken();
      awaitMoreCalls();
      for (int i = 0; i < 3; i++) {
        killHypervisor(other, otherClient);
        killHypervisor(guest, client);
        awaitMoreCalls();
      }
      assertThat(broken()).as("broken connections between guests").isEqualTo(broken);
    }
  }

  private void awaitMoreCalls() throws IOException {
    long before = called();
    Guest.await("more answers from one guest to the other").until(() -> called() >= before + 20);
  }

  private long called() throws IOException {
    return Long.parseLong(Probe.ask(guest.address(), "called").split(" ")[0]);
  }

  private long broken() throws IOException {
    return Long.parseLong(Probe.ask(guest.address(), "called").split(" ")[1]);
  }
}
