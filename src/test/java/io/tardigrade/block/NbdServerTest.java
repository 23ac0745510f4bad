package io.tardigrade.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class NbdServerTest {
  private static final int SIZE = 1 << 20;

  @TempDir private Path dir = Path.of("unset");

  private static SocketChannel connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    send(channel, new NbdSession().flags(3).go("disk"));
    ByteBuffer greeting = ByteBuffer.allocate(18 + 20 + 12 + 20);
    receive(channel, greeting);
    return channel;
  }

  private static void send(SocketChannel channel, NbdSession session) throws IOException {
    ByteBuffer out = ByteBuffer.wrap(session.bytes());
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  private static void receive(SocketChannel channel, ByteBuffer in) throws IOException {
    while (in.hasRemaining()) {
      if (channel.read(in) < 0) {
        throw new IOException("the server hung up");
      }
    }
  }

  @Test
  void connectionsAreServedAtOnceAndPipelined() throws IOException {
    Path socket = dir.resolve("nbd");
    Volume volume = NbdSession.volume(SIZE);
    try (NbdServer server = NbdServer.listen(socket, NbdSession.exports(volume), -1)) {
      List<SocketChannel> clients = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        clients.add(connect(socket));
      }
      for (int i = 0; i < 4; i++) {
        NbdSession burst = new NbdSession();
        for (int n = 0; n < 50; n++) {
          burst.request(0, NbdWire.CMD_WRITE, n, i * 50_000L + n * 100L, 100).raw(new byte[100]);
        }
        send(clients.get(i), burst);
      }
      for (SocketChannel client : clients) {
        ByteBuffer replies = ByteBuffer.allocate(50 * NbdWire.SIMPLE_REPLY_BYTES);
        receive(client, replies);
        for (int n = 0; n < 50; n++) {
          assertThat(replies.getLong(n * 16 + 8)).isEqualTo(n);
        }
        client.close();
      }
      assertThat(server).isNotNull();
    }
  }

  @Test
  void afterCloseNoWriteOfAnOldConnectionArrives() throws Exception {
    Volume volume = NbdSession.volume(SIZE);
    for (int round = 0; round < 20; round++) {
      Path socket = dir.resolve("nbd" + round);
      NbdServer server = NbdServer.listen(socket, NbdSession.exports(volume), -1);
      SocketChannel client = connect(socket);
      Thread writer = Thread.ofPlatform().start(() -> writeUntilHungUpOn(client));
      Thread.sleep(5);
      server.close();
      byte[] before = content(volume);
      Thread.sleep(5);
      assertThat(Arrays.equals(content(volume), before)).isTrue();
      assertThat(Files.exists(socket)).isFalse();
      writer.join();
      volume.rollback();
    }
  }

  @Test
  void closeReturnsOnlyAfterTheRequestInFlight() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(1);
    disk.create().truncate(SIZE);
    SlowFile log = new SlowFile(disk.create());
    Volume volume = new Volume(disk.file(0), log, disk.create(), Volume.LOG_SWITCH_BYTES);
    Path socket = dir.resolve("nbd");
    NbdServer server = NbdServer.listen(socket, NbdSession.exports(volume), -1);
    try (SocketChannel client = connect(socket)) {
      log.stuck = true;
      send(client, new NbdSession().request(0, NbdWire.CMD_WRITE, 1, 0, 10).raw(new byte[10]));
      log.reached.await();
      FutureTask<Boolean> closing =
          new FutureTask<>(() -> {
            server.close();
            return log.released.getCount() == 0;
          });
      Thread.ofPlatform().start(closing);
      Thread.sleep(200);
      assertThat(closing.isDone()).as("close while a write is in flight").isFalse();
      log.released.countDown();
      assertThat(closing.get()).isTrue();
      assertThat(volume.uncommittedBytes()).isEqualTo(10);
    }
  }

  private static byte[] content(Volume volume) throws IOException {
    byte[] bytes = new byte[SIZE];
    volume.read(0, ByteBuffer.wrap(bytes));
    return bytes;
  }

  private static void writeUntilHungUpOn(SocketChannel client) {
    byte[] payload = new byte[5000];
    try (client) {
      for (int n = 0; ; n++) {
        Arrays.fill(payload, (byte) n);
        NbdSession burst = new NbdSession();
        for (int i = 0; i < 20; i++) {
          burst.request(0, NbdWire.CMD_WRITE, n, i * 5000L, 5000).raw(payload);
        }
        send(client, burst);
        receive(client, ByteBuffer.allocate(20 * NbdWire.SIMPLE_REPLY_BYTES));
      }
    } catch (IOException e) {
      assertThat(e).isNotNull();
    }
  }

  @Test
  void closeDoesNotWaitForAClientThatSaysNothing() throws IOException {
    Path socket = dir.resolve("nbd");
    NbdServer server = NbdServer.listen(socket, NbdSession.exports(NbdSession.volume(SIZE)), -1);
    try (SocketChannel silent = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        SocketChannel idle = connect(socket)) {
      long start = System.nanoTime();
      server.close();
      assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
      assertThat(silent.isOpen()).isTrue();
      assertThat(idle.isOpen()).isTrue();
    }
  }
}
