package io.tardigrade.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.block.HookedVolumes;
import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.checkpoint.Staging;
import io.tardigrade.network.FrameReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A modelled guest that writes memory and disks and sends frames, over the real image, volumes,
 * output gate and commit order. The guardian is killed before every third step of a schedule, and
 * the next one opens what is left, as {@link Resources} does; the hypervisor is lost now and then
 * as well. After every recovery memory, device state and disks equal the model at the committed
 * epoch, and no frame ever left whose epoch a recovery can take back.
 */
class PipelineCrashTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 16;
  private static final int DISKS = 2;
  private static final int DISK_BYTES = 8192;
  private static final int STEPS = 60;

  @TempDir Path dir;

  /** The process stops here; no error handling sees it. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1L;

    Killed() {
      super(null, null, false, false);
    }
  }

  /** What a guest is at the end of an epoch. */
  private record Moment(byte[] ram, byte[][] disks) {
    Moment copy() {
      byte[][] copies = new byte[disks.length][];
      for (int i = 0; i < copies.length; i++) {
        copies[i] = disks[i].clone();
      }
      return new Moment(ram.clone(), copies);
    }
  }

  @Test
  void killsAllAlongASchedulesStepsLoseNothingThatWasTold() throws Exception {
    for (long seed = 1; seed <= 2; seed++) {
      long steps;
      try (Run whole = new Run(seed, Long.MAX_VALUE)) {
        whole.play();
        steps = whole.steps;
      }
      assertThat(steps).isGreaterThan(100);
      for (long killAt = 0; killAt < steps; killAt += 3) {
        try (Run run = new Run(seed, killAt + seed % 3)) {
          run.play();
        } catch (AssertionError | RuntimeException | IOException e) {
          throw new AssertionError(
              "seed " + seed + ", killed before step " + (killAt + seed % 3), e);
        }
      }
    }
  }

  private final class Run implements AutoCloseable {
    private final Random random;
    private final Path folder;
    private final HookedVolumes files;
    private final TreeMap<Long, Moment> history = new TreeMap<>();
    private final Map<String, Long> epochOfFrame = new HashMap<>();
    private final List<String> left = new ArrayList<>();
    private final Deque<Committer.Captured> captured = new ArrayDeque<>();
    private final BitSet dirty = new BitSet();
    private final FakeNetwork network = new FakeNetwork();
    private long killAt = Long.MAX_VALUE;
    long steps;
    private int frames;
    private boolean serving;
    private Moment now = new Moment(new byte[PAGES * PAGE], new byte[DISKS][DISK_BYTES]);
    private long nextEpoch = 1;
    private CommittedImage image;
    private VolumeSet volumes;
    private Console console;
    private InboundPump inbound;
    private Output output;
    private Committer committer;

    Run(long seed, long killAt) throws IOException {
      this.random = new Random(seed);
      this.folder = Files.createTempDirectory(dir, "run");
      this.files = new HookedVolumes(DISKS, DISK_BYTES, this::step);
      this.image = CommittedImage.create(folder.resolve("image"), PAGES * PAGE);
      this.volumes = files.open();
      volumes.begin(0);
      this.killAt = killAt;
      steps = 0;
      history.put(0L, now.copy());
      serve();
    }

    private void serve() throws IOException {
      console = new Console(folder.resolve("console.log"));
      inbound = new InboundPump(network);
      output =
          new Output(
              this::frameLeaves,
              console,
              GuestDhcp.of(TestGuest.spec()),
              (memory, offset, length) -> {},
              nextEpoch - 1);
      committer = new Committer(image, volumes, output, inbound, new Statistics(0), () -> {});
      serving = true;
    }

    private void step() {
      if (steps++ == killAt) {
        throw new Killed();
      }
    }

    private void frameLeaves(MemorySegment memory, long offset, int length) {
      step();
      String frame =
          FakeNetwork.text(memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE));
      // The output rule: what it depends on can no longer be taken back.
      assertThat(epochOfFrame.get(frame)).isNotNull().isLessThanOrEqualTo(image.committedEpoch());
      left.add(frame);
      step();
    }

    void play() throws Exception {
      for (int i = 0; i < STEPS; i++) {
        try {
          step();
          switch (random.nextInt(10)) {
            case 0, 1, 2 -> writeMemory();
            case 3, 4 -> writeDisk();
            case 5 -> sendFrame();
            case 6, 7 -> capture();
            case 8 -> commitOldest();
            default -> {
              if (random.nextInt(6) == 0) {
                loseHypervisor();
              }
            }
          }
        } catch (Killed e) {
          nextGuardian();
        }
      }
      killAt = Long.MAX_VALUE;
      loseHypervisor();
      assertThat(left).doesNotHaveDuplicates();
    }

    private void writeMemory() {
      int page = random.nextInt(PAGES);
      now.ram[page * PAGE + random.nextInt(PAGE)] = (byte) random.nextInt();
      dirty.set(page);
    }

    private void writeDisk() throws IOException {
      int disk = random.nextInt(DISKS);
      byte[] bytes = new byte[512];
      random.nextBytes(bytes);
      int at = random.nextInt(DISK_BYTES / 512) * 512;
      volumes.volumes().get(disk).write(at, ByteBuffer.wrap(bytes));
      System.arraycopy(bytes, 0, now.disks[disk], at, bytes.length);
    }

    private void sendFrame() throws IOException {
      String text = "frame " + frames++;
      FrameReader reader = FakeNetwork.reader(List.of(FakeNetwork.frame(text)));
      assertThat(reader.hasFrame()).isTrue();
      epochOfFrame.put(text, nextEpoch);
      assertThat(output.frame(reader, 0)).isTrue();
    }

    /** As {@link Checkpointer} does. */
    private void capture() throws IOException {
      Staging staging = image.beginStaging(nextEpoch);
      if (staging == null) {
        return;
      }
      long epoch = nextEpoch++;
      output.closeEpoch(epoch);
      boolean _ = volumes.closeEpoch(epoch);
      inbound.mark(epoch);
      staging.reserve(dirty.cardinality());
      for (int page = dirty.nextSetBit(0); page >= 0; page = dirty.nextSetBit(page + 1)) {
        staging.add(page, MemorySegment.ofArray(now.ram).asSlice((long) page * PAGE, PAGE));
      }
      staging.deviceState(MemorySegment.ofArray(new long[] {epoch}));
      history.put(epoch, now.copy());
      captured.add(new Committer.Captured(epoch, staging, dirty.cardinality(), 8));
      dirty.clear();
    }

    private void commitOldest() throws IOException {
      Committer.Captured oldest = captured.poll();
      if (oldest == null) {
        return;
      }
      if (steps == killAt - 1) {
        // The one step that nothing within the commit announces: prepared, and not yet sealed.
        volumes.prepare(oldest.epoch());
      }
      step();
      committer.commit(oldest);
    }

    /** As {@link Guardian} does. */
    private void loseHypervisor() throws IOException {
      while (!captured.isEmpty()) {
        commitOldest();
      }
      output.dropUncommitted();
      volumes.rollback();
      recovered();
    }

    /** The guardian is gone in the middle of anything; as {@link Resources} opens what it left. */
    private void nextGuardian() throws IOException {
      killAt = random.nextBoolean() ? steps + random.nextInt(30) : Long.MAX_VALUE;
      while (true) {
        try {
          stopServing();
          captured.clear();
          image = CommittedImage.open(folder.resolve("image"));
          volumes = files.open();
          boolean whole = !image.isCold() && image.unprotectedSince() == 0;
          volumes.recoverTo(whole ? image.committedEpoch() : volumes.lastPrepared());
          nextEpoch = Math.max(image.committedEpoch(), volumes.lastPrepared()) + 1;
          serve();
          if (image.isCold()) {
            // Nothing was committed and so nothing was told: the guest is booted from its disks.
            assertThat(left).isEmpty();
            now = new Moment(new byte[PAGES * PAGE], disks());
            dirty.clear();
            history.clear();
            history.put(image.committedEpoch(), now.copy());
          } else {
            recovered();
          }
          return;
        } catch (Killed e) {
          // And the next one, from whatever this one left.
          killAt = Long.MAX_VALUE;
        }
      }
    }

    private void stopServing() throws IOException {
      if (serving) {
        serving = false;
        committer.close();
        inbound.close();
        console.close();
      }
      image.close();
    }

    private void recovered() throws IOException {
      history.tailMap(image.committedEpoch(), false).clear();
      now = Objects.requireNonNull(history.get(image.committedEpoch())).copy();
      dirty.clear();
      check();
    }

    private void check() throws IOException {
      assertThat(Files.readAllBytes(image.ramFile())).isEqualTo(now.ram);
      if (!image.isCold()) {
        assertThat(image.deviceState().get(ValueLayout.JAVA_LONG_UNALIGNED, 0))
            .isEqualTo(image.committedEpoch());
      }
      byte[][] found = disks();
      for (int disk = 0; disk < DISKS; disk++) {
        assertThat(found[disk]).as("disk %d", disk).isEqualTo(now.disks[disk]);
      }
    }

    private byte[][] disks() throws IOException {
      byte[][] contents = new byte[DISKS][];
      for (int disk = 0; disk < DISKS; disk++) {
        ByteBuffer content = ByteBuffer.allocate(DISK_BYTES);
        volumes.volumes().get(disk).read(0, content);
        contents[disk] = content.array();
      }
      return contents;
    }

    @Override
    public void close() throws IOException {
      stopServing();
      network.close();
    }
  }
}
