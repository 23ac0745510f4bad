package io.tardigrade.launch;

import io.tardigrade.network.PortForward;
import io.tardigrade.qemu.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A network and image maker that remember what they were asked for, and fail where told to. */
public final class FakeHost implements Addressing, ImageMaker {
  public final Map<String, List<PortForward>> places = new TreeMap<>();
  public final List<String> made = new ArrayList<>();
  public String failAt = "";
  public boolean tornDown;

  private void step(String name) throws IOException {
    if (failAt.equals(name)) {
      throw new IOException("told to fail at " + name);
    }
  }

  @Override
  public Place place(String guest) throws IOException {
    step("place");
    places.putIfAbsent(guest, List.of());
    return new Place(
        "10.1.0.2", 24, "10.1.0.1", "52:54:00:01:00:02", "tg-2", "tgbr", 2, List.of("10.1.0.1"));
  }

  @Override
  public Place adopt(String guest, String address, String mac) throws IOException {
    step("adopt");
    places.putIfAbsent(guest, List.of());
    return new Place(address, 16, "10.1.0.1", mac, "tg-2", "tgbr", 2, List.of("10.1.0.1"));
  }

  @Override
  public void publish(String guest, List<PortForward> forwards) throws IOException {
    step("publish");
    places.put(guest, forwards);
  }

  @Override
  public void release(String guest) {
    places.remove(guest);
  }

  @Override
  public void tearDown() {
    tornDown = true;
  }

  @Override
  public Boot make(LaunchRequest request, Place place, Path folder) throws IOException {
    Files.writeString(folder.resolve("initrd"), "files");
    step("image");
    made.add(request.name());
    return new Boot(Machine.MICROVM, "vmlinuz", "initrd", "console=ttyS0", null);
  }

  @Override
  public void makeVolume(Path file, String name, long bytes) throws IOException {
    step("volume-" + name);
    Files.writeString(file, "x".repeat((int) Math.min(bytes, 16)));
  }
}
