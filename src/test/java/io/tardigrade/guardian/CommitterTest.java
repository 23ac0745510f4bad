package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tardigrade.block.HookedVolumes;
import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.Staging;
import io.tardigrade.network.FrameReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CommitterTest {
  private static final int RAM_BYTES = 1 << 20;

  @TempDir Path dir;
  private final List<String> order = Collections.synchronizedList(new ArrayList<>());
  private final CountDownLatch hold = new CountDownLatch(1);
  private volatile boolean holding;
  private HookedVolumes disks;
  private VolumeSet volumes;
  private CommittedImage image;
  private FakeNetwork network;
  private Console console;
  private InboundPump inbound;
  private Output output;
  private Committer committer;

  @BeforeEach
  void open() throws IOException {
    disks = new HookedVolumes(1, 1 << 20, this::diskChanges);
    volumes = disks.open();
    image = CommittedImage.create(dir.resolve("image"), RAM_BYTES);
    volumes.begin(0);
    network = new FakeNetwork();
    console = new Console(dir.resolve("console.log"));
    inbound = new InboundPump(network);
    output =
        new Output(
            (memory, offset, length) -> {
              order.add("frame out at committed " + image.committedEpoch());
              network.frame(memory, offset, length);
            },
            console,
            GuestDhcp.of(TestGuest.spec()),
            (memory, offset, length) -> {},
            0);
    committer = new Committer(image, volumes, output, inbound, new Statistics(0), () -> {});
    order.clear();
  }

  @AfterEach
  void close() throws IOException {
    committer.close();
    inbound.close();
    console.close();
    network.close();
    image.close();
  }

  private void diskChanges() {
    order.add("disk changes at committed " + (image == null ? 0 : image.committedEpoch()));
    if (holding && Thread.currentThread().getName().equals("committer")) {
      try {
        hold.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void say(String text) throws IOException {
    FrameReader frames = FakeNetwork.reader(List.of(FakeNetwork.frame(text)));
    assertThat(frames.hasFrame()).isTrue();
    assertThat(output.frame(frames, System.nanoTime())).isTrue();
  }

  /** Captures an epoch in which page {@code page} got {@code value} and the disk too. */
  private Committer.Captured capture(long epoch, int page, int value) throws IOException {
    Staging staging = Objects.requireNonNull(image.beginStaging(epoch));
    volumes.volumes().getFirst().write(page * 4096L, ByteBuffer.wrap(bytes(value)));
    output.closeEpoch(epoch);
    boolean _ = volumes.closeEpoch(epoch);
    inbound.mark(epoch);
    staging.reserve(1);
    staging.add(page, 1).copyFrom(MemorySegment.ofArray(bytes(value)));
    staging.deviceState(MemorySegment.ofArray(new byte[] {(byte) epoch}));
    return new Committer.Captured(epoch, staging, 1, 4096);
  }

  private static byte[] bytes(int value) {
    byte[] bytes = new byte[4096];
    java.util.Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private byte ram(int page) throws IOException {
    return Files.readAllBytes(image.ramFile())[page * 4096];
  }

  @Test
  void disksAreDurableThenTheRecordSealedThenFramesLeaveThenDisksAreApplied() throws IOException {
    say("hello");
    Committer.Captured captured = capture(1, 3, 7);
    order.clear();
    committer.submit(captured);
    assertThat(committer.drain()).isNull();

    int frame = order.indexOf("frame out at committed 1");
    assertThat(frame).isPositive();
    assertThat(order.subList(0, frame)).containsOnly("disk changes at committed 0");
    assertThat(order.subList(frame + 1, order.size()))
        .isNotEmpty()
        .containsOnly("disk changes at committed 1");
    assertThat(ram(3)).isEqualTo((byte) 7);
    assertThat(disks.base(0)[3 * 4096]).isEqualTo((byte) 7);
  }

  @Test
  void failureToPrepareReleasesNothingAndCommitsNothing() throws IOException {
    say("hello");
    Committer.Captured captured = capture(1, 3, 7);
    disks.full = true;
    committer.submit(captured);
    assertThat(committer.drain()).hasMessageContaining("ENOSPC");
    assertThat(network.left()).isEmpty();
    assertThat(image.isCold()).isTrue();
    assertThat(ram(3)).isZero();
    assertThatThrownBy(() -> captured.staging().reserve(1))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void whatIsSubmittedAfterAFailureIsNotCommittedBeforeItIsKnown() throws Exception {
    say("one");
    Committer.Captured first = capture(1, 3, 7);
    disks.full = true;
    committer.submit(first);
    while (committer.failure() == null) {
      Thread.sleep(1);
    }
    // The main thread was in the middle of the next checkpoint, which holds page 4 but not page 3.
    disks.full = false;
    Committer.Captured second = capture(2, 4, 8);
    committer.submit(second);
    assertThat(committer.drain()).isNotNull();
    assertThat(image.isCold()).isTrue();
    assertThat(network.left()).isEmpty();
    // It works again once the failure was taken note of.
    Staging all = Objects.requireNonNull(image.beginStaging(3));
    output.closeEpoch(3);
    boolean _ = volumes.closeEpoch(3);
    all.reserve(2);
    all.add(3, 1).fill((byte) 7);
    all.add(4, 1).fill((byte) 8);
    all.deviceState(MemorySegment.ofArray(new byte[1]));
    committer.submit(new Committer.Captured(3, all, 2, 8192));
    assertThat(committer.drain()).isNull();
    assertThat(network.left()).containsExactly("one");
    assertThat(ram(3)).isEqualTo((byte) 7);
    assertThat(ram(4)).isEqualTo((byte) 8);
    assertThat(disks.base(0)[3 * 4096]).isEqualTo((byte) 7);
  }

  @Test
  void drainWaitsUntilEverythingSubmittedIsApplied() throws Exception {
    Committer.Captured first = capture(1, 3, 7);
    Committer.Captured second = capture(2, 4, 8);
    holding = true;
    committer.submit(first);
    committer.submit(second);
    Thread drainer =
        Thread.ofPlatform()
            .start(() -> {
              var _ = committer.drain();
            });
    drainer.join(50);
    assertThat(drainer.isAlive()).isTrue();
    hold.countDown();
    drainer.join(10_000);
    assertThat(drainer.isAlive()).isFalse();
    assertThat(image.committedEpoch()).isEqualTo(2);
    assertThat(ram(4)).isEqualTo((byte) 8);
    assertThat(disks.base(0)[4 * 4096]).isEqualTo((byte) 8);
  }

  @Test
  void anErrorOfOurOwnMakingIsAFailureToo() throws IOException {
    Committer.Captured captured = capture(1, 3, 7);
    committer.submit(new Committer.Captured(9, captured.staging(), 1, 4096));
    assertThat(committer.drain()).isNotNull();
    assertThat(network.left()).isEmpty();
  }
}
