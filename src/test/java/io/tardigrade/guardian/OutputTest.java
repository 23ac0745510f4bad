package io.tardigrade.guardian;

import static io.tardigrade.guardian.FakeNetwork.frame;
import static io.tardigrade.guardian.FakeNetwork.reader;
import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.network.FrameReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputTest {
  @TempDir Path dir;
  private FakeNetwork network;
  private Console console;
  private final List<byte[]> answers = new ArrayList<>();
  private Output output;

  @BeforeEach
  void open() throws IOException {
    network = new FakeNetwork();
    console = new Console(dir.resolve("console.log"));
    output =
        new Output(
            network,
            console,
            GuestDhcp.of(TestGuest.spec()),
            (memory, offset, length) ->
                answers.add(memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE)),
            0);
  }

  @AfterEach
  void close() throws IOException {
    console.close();
    network.close();
  }

  private void say(String... texts) throws IOException {
    FrameReader frames = reader(Arrays.stream(texts).map(FakeNetwork::frame).toList());
    while (frames.hasFrame()) {
      assertThat(output.frame(frames, System.nanoTime())).isTrue();
      frames.consume();
    }
  }

  private void print(String text) throws IOException {
    output.console(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
  }

  private String printed() throws IOException {
    return Files.readString(dir.resolve("console.log"));
  }

  @Test
  void nothingLeavesBeforeItsEpochIsReleased() throws IOException {
    say("a", "b");
    print("one\n");
    output.closeEpoch(1);
    say("c");
    print("two\n");
    assertThat(network.left()).isEmpty();
    assertThat(printed()).isEmpty();

    Output.Released released = output.release(1);

    assertThat(released.frames()).isEqualTo(2);
    assertThat(network.left()).containsExactly("a", "b");
    assertThat(printed()).isEqualTo("one\n");
    assertThat(output.openFrames()).isEqualTo(1);
    assertThat(output.consoleWaits()).isTrue();
  }

  @Test
  void whatWasNotCommittedIsForgottenAfterALossAndNeverLeaves() throws IOException {
    say("kept");
    output.closeEpoch(1);
    say("closed");
    print("closed\n");
    output.closeEpoch(2);
    say("open");
    print("open\n");
    output.release(1);

    output.dropUncommitted();
    output.closeEpoch(3);
    output.release(3);

    assertThat(network.left()).containsExactly("kept");
    assertThat(printed()).isEmpty();
    assertThat(output.waitingFrames()).isZero();
    assertThat(output.oldestNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void openingLetsOutWhatWaitsInOrderAndHoldsNothingAfter() throws IOException {
    say("a");
    print("one\n");
    output.closeEpoch(1);
    say("b");
    print("two\n");
    // As the guardian does when protection is lost: it ends the epoch, then opens up to it.
    output.closeEpoch(2);
    output.setOpen(true, 2);
    say("c");
    print("three\n");
    assertThat(network.left()).containsExactly("a", "b", "c");
    assertThat(printed()).isEqualTo("one\ntwo\nthree\n");

    output.setOpen(false, 0);
    say("d");
    print("four\n");
    assertThat(network.left()).containsExactly("a", "b", "c");
    output.closeEpoch(3);
    output.release(3);
    assertThat(network.left()).containsExactly("a", "b", "c", "d");
    assertThat(printed()).endsWith("four\n");
  }

  @Test
  void aReleaseOfAnEpochTwiceLetsNothingOutTwice() throws IOException {
    say("a");
    output.closeEpoch(1);
    output.release(1);
    assertThat(output.release(1).frames()).isZero();
    assertThat(network.left()).containsExactly("a");
  }

  @Test
  void holdTimeIsThatOfTheOldestFrameReleased() throws IOException {
    FrameReader frames = reader(List.of(frame("a")));
    assertThat(frames.hasFrame()).isTrue();
    output.frame(frames, System.nanoTime() - 5_000_000_000L);
    output.closeEpoch(1);
    assertThat(output.release(1).holdNanos()).isGreaterThanOrEqualTo(5_000_000_000L);
  }

  @Test
  void requestForAnAddressIsAnsweredAtOnceAndNeverSentOn() throws IOException {
    FrameReader frames = reader(List.of(discover()));
    assertThat(frames.hasFrame()).isTrue();
    assertThat(output.frame(frames, 0)).isTrue();

    assertThat(answers).hasSize(1);
    // The address offered stands 16 bytes into the BOOTP message.
    assertThat(Arrays.copyOfRange(answers.getFirst(), 14 + 28 + 16, 14 + 28 + 20))
        .containsExactly(10, 117, 0, 9);
    output.closeEpoch(1);
    assertThat(output.release(1).frames()).isZero();
    assertThat(network.left()).isEmpty();
  }

  @Test
  void aFullGateTakesNoMoreUntilItIsReleased() throws IOException {
    byte[] large = new byte[60_000];
    large[12] = (byte) 0x88;
    FrameReader frames = reader(List.of(large));
    assertThat(frames.hasFrame()).isTrue();
    int taken = 0;
    while (output.frame(frames, 0)) {
      taken++;
      assertThat(taken).isLessThan(1000);
    }
    assertThat(output.isFull()).isTrue();
    output.closeEpoch(1);
    assertThat(output.release(1).frames()).isEqualTo(taken);
    assertThat(output.isFull()).isFalse();
    assertThat(output.frame(frames, 0)).isTrue();
  }

  @Test
  void theFirstReleaseAfterARecoveryIsToldOnce() throws IOException {
    AtomicInteger told = new AtomicInteger();
    output.onNextRelease(told::incrementAndGet);
    output.closeEpoch(1);
    output.release(1);
    assertThat(told).hasValue(0);
    for (int epoch = 2; epoch <= 3; epoch++) {
      say("a");
      output.closeEpoch(epoch);
      output.release(epoch);
    }
    assertThat(told).hasValue(1);
  }

  /** A DHCPDISCOVER of the guest. */
  private static byte[] discover() {
    byte[] mac = HexFormat.ofDelimiter(":").parseHex(TestGuest.MAC);
    byte[] frame = new byte[14 + 28 + 300];
    ByteBuffer bytes = ByteBuffer.wrap(frame);
    Arrays.fill(frame, 0, 6, (byte) 0xff);
    bytes.put(6, mac).putShort(12, (short) 0x0800);
    bytes.put(14, (byte) 0x45).putShort(16, (short) 328).put(22, (byte) 64).put(23, (byte) 17);
    bytes.putInt(30, -1);
    bytes.putShort(34, (short) 68).putShort(36, (short) 67).putShort(38, (short) 308);
    bytes.put(42, (byte) 1).put(43, (byte) 1).put(44, (byte) 6).putInt(46, 0xa1b2c3d4);
    bytes.put(42 + 28, mac).putInt(42 + 236, 0x63825363);
    bytes.put(42 + 240, new byte[] {53, 1, 1, (byte) 255});
    return frame;
  }

  @Test
  void memoryOfTheGuardianIsNotTheGuestsToFillWithConsoleText() throws IOException {
    MemorySegment chunk = Arena.ofAuto().allocate(1 << 20);
    for (int i = 0; i < 64; i++) {
      output.console(chunk);
    }
    output.closeEpoch(1);
    output.release(1);
    assertThat(Files.size(dir.resolve("console.log"))).isPositive().isLessThanOrEqualTo(4 << 20);
  }
}
