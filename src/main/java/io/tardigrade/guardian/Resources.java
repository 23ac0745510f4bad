package io.tardigrade.guardian;

import io.tardigrade.block.VolumeSet;
import io.tardigrade.checkpoint.CommittedImage;
import io.tardigrade.guest.GuestFiles;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.launch.HostAddressing;
import io.tardigrade.network.DhcpResponder;
import io.tardigrade.network.HostNetwork;
import io.tardigrade.network.Mac;
import io.tardigrade.network.Tap;
import io.tardigrade.preserve.Place;
import io.tardigrade.preserve.PreservedMemory;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a guardian holds of its guest besides the hypervisor: image, volumes, network device,
 * console. Opening them brings them to the same epoch: that of the image where it can be resumed,
 * else the newest one the disks can go to.
 */
final class Resources implements Closeable {
  private final CommittedImage image;
  private final VolumeSet volumes;
  private final Console console;
  private final Output output;
  private final InboundPump inbound;
  private final Statistics statistics;
  private final SpareKeeper spares;
  private final LongSupplier numbers;
  private final Place place;
  private final @Nullable String finding;
  private final List<Closeable> owned;

  private Resources(
      CommittedImage image,
      VolumeSet volumes,
      Tap tap,
      Console console,
      InboundPump inbound,
      DhcpResponder dhcp,
      SpareKeeper spares,
      LongSupplier numbers,
      Place place,
      @Nullable String finding,
      List<Closeable> owned) {
    this.place = place;
    this.finding = finding;
    this.owned = List.copyOf(owned);
    this.image = image;
    this.volumes = volumes;
    this.console = console;
    this.inbound = inbound;
    this.spares = spares;
    this.numbers = numbers;
    this.output =
        new Output(
            (memory, offset, length) -> send(tap, memory.asSlice(offset, length)),
            console,
            dhcp,
            (memory, offset, length) -> inbound.inject(memory.asSlice(offset), length),
            numbers.getAsLong());
    this.statistics = new Statistics(image.committedEpoch());
  }

  private static void send(Tap tap, MemorySegment frame) throws IOException {
    // A full queue of the kernel loses a frame, as any network card may; TCP repairs it.
    boolean _ = tap.write(frame);
  }

  /**
   * Opens what the guest left, or makes it.
   *
   * @param loss of the guardian before, where the guest is to go on; null where it is started
   * @throws KeptException where the guest can be neither
   */
  static Resources open(HostPaths paths, GuestSpec spec, @Nullable PredecessorLoss loss)
      throws IOException {
    boolean resume = loss != null;
    PredecessorLoss.@Nullable HostLoss hostLoss = loss == null ? null : loss.host();
    List<Closeable> opened = new ArrayList<>();
    try {
      GuestDisks disks = GuestDisks.of(paths, spec);
      VolumeSet volumes = disks.open();
      opened.add(volumes);
      CommittedImage image = openImage(paths, spec, resume, hostLoss);
      opened.add(image);
      String finding =
          hostLoss == null ? null : AfterHostLoss.check(image, volumes, spec, hostLoss);
      boolean whole = !image.isCold() && image.unprotectedSince() == 0;
      volumes.recoverTo(whole ? image.committedEpoch() : volumes.lastPrepared());
      if (!resume) {
        volumes.begin(image.committedEpoch());
      }
      long firstEpoch = Math.max(image.committedEpoch(), volumes.lastPrepared()) + 1;
      firstEpoch = Math.max(firstEpoch, image.unprotectedSince() + 1);
      SpareKeeper spares = disks.spares(paths, spec, volumes, image.ramFile());
      opened.add(spares);
      if (resume && whole) {
        // It starts while the rest is made ready.
        spares.prepare(image.ramFile());
      }
      Tap tap = Tap.open(spec.tap(), Mac.parse(spec.mac()));
      opened.add(tap);
      if (hostLoss == null) {
        putOnBridge(paths, spec.tap());
      }
      Console console = new Console(GuestFiles.of(paths, spec.name()).consoleLog());
      opened.add(console);
      InboundPump inbound = new InboundPump(tap);
      opened.add(inbound);
      return new Resources(
          image,
          volumes,
          tap,
          console,
          inbound,
          GuestDhcp.of(spec),
          spares,
          new AtomicLong(firstEpoch - 1)::getAndIncrement,
          placeOf(paths, image),
          finding,
          opened);
    } catch (IOException e) {
      for (Closeable closeable : opened.reversed()) {
        closeable.close();
      }
      throw e;
    }
  }

  /**
   * Of a guest that this host leads: what a member keeps is not opened, and not closed with them.
   *
   * @param numbers of its store
   */
  static Resources ofMember(
      HostPaths paths,
      GuestSpec spec,
      CommittedImage image,
      VolumeSet volumes,
      Tap tap,
      Console console,
      SpareKeeper spares,
      LongSupplier numbers)
      throws IOException {
    InboundPump inbound = new InboundPump(tap);
    return new Resources(
        image,
        volumes,
        tap,
        console,
        inbound,
        GuestDhcp.of(spec),
        spares,
        numbers,
        placeOf(paths, image),
        null,
        List.of(inbound));
  }

  /**
   * Connects a guest whose host was lost, which runs by then: nothing leaves it before its image is
   * checked, and a network is long in the making.
   *
   * @throws KeptException where that cannot be
   */
  static void connect(HostPaths paths, GuestSpec spec) throws KeptException {
    try {
      putOnBridge(paths, spec.tap());
    } catch (IOException e) {
      throw new KeptException("it cannot be connected: " + e.getMessage());
    }
  }

  /**
   * A TAP device stays on its bridge over the lives of guardians; only a new one has to be put
   * there.
   */
  static void putOnBridge(HostPaths paths, String tap) throws IOException {
    if (Files.exists(Path.of("/sys/class/net", tap, "master"))) {
      return;
    }
    HostNetwork network = HostAddressing.network(paths);
    network.setUp();
    network.attach(tap);
  }

  private static CommittedImage openImage(
      HostPaths paths, GuestSpec spec, boolean resume, PredecessorLoss.@Nullable HostLoss hostLoss)
      throws IOException {
    Path dir = paths.image(spec.name());
    CommittedImage image = null;
    if (hostLoss != null) {
      image = AfterHostLoss.openImage(dir, spec, hostLoss);
    } else if (resume && Files.isDirectory(dir)) {
      image = CommittedImage.open(dir);
    }
    if (image == null) {
      return create(paths, spec, dir);
    }
    if (image.ramBytes() == spec.memoryBytes() || hostLoss != null) {
      return image;
    }
    image.close();
    throw new IOException(
        "committed image holds "
            + image.ramBytes()
            + " bytes of RAM, the guest has "
            + spec.memoryBytes());
  }

  private static CommittedImage create(HostPaths paths, GuestSpec spec, Path old)
      throws IOException {
    if (Files.isDirectory(old)) {
      CommittedImage.delete(old);
    }
    PreservedMemory memory = new PreservedMemory(paths);
    Place place =
        Place.choose(
            spec.protect() && memory.isMounted(),
            memory.freeBytes(),
            CommittedImage.bytesNeeded(spec.memoryBytes()));
    return CommittedImage.create(
        (place == Place.PRESERVED ? paths.preservedImages() : paths.images()).resolve(spec.name()),
        spec.memoryBytes());
  }

  private static Place placeOf(HostPaths paths, CommittedImage image) {
    return image.ramFile().startsWith(paths.preserved()) ? Place.PRESERVED : Place.ORDINARY;
  }

  CommittedImage image() {
    return image;
  }

  VolumeSet volumes() {
    return volumes;
  }

  Console console() {
    return console;
  }

  Output output() {
    return output;
  }

  InboundPump inbound() {
    return inbound;
  }

  Statistics statistics() {
    return statistics;
  }

  SpareKeeper spares() {
    return spares;
  }

  /** Where the committed image lies. */
  Place place() {
    return place;
  }

  /** What was found of the guest after its host was lost, for people; null where it was not. */
  @Nullable String finding() {
    return finding;
  }

  /** Tells the number of the epoch that is to be ended next, whenever it is asked. */
  LongSupplier numbers() {
    return numbers;
  }

  @Override
  public void close() throws IOException {
    for (Closeable closeable : owned.reversed()) {
      closeable.close();
    }
  }
}
