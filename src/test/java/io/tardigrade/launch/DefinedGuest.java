package io.tardigrade.launch;

import io.tardigrade.guest.GuestDefinition;
import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.ReplicaSpec;
import io.tardigrade.network.PortForward;
import io.tardigrade.qemu.Accelerator;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/** A guest with a volume and a published port, as a host defines it that made it. */
final class DefinedGuest {
  static final String NAME = "kv";
  static final String ID = "kv-00000007";

  private DefinedGuest() {}

  /** Made on a host of its own under {@code folder}. */
  static GuestDefinition of(Path folder) throws IOException {
    HostPaths there = paths(folder, "there");
    FakeHost host = new FakeHost();
    GuestSpec spec =
        new GuestFactory(there, host, host, InstantSource.system(), _ -> {})
            .create(
                new LaunchRequest(
                    NAME,
                    128 << 20,
                    1,
                    100,
                    true,
                    false,
                    null,
                    Accelerator.TCG,
                    List.of(VolumeRequest.parse("data:/data:8M")),
                    List.of(PortForward.parse("8080:80")),
                    new GuestSource.Program(List.of("/bin/true"), List.of(), Map.of(), null)));
    return GuestDefinition.of(there, ReplicaSpec.of(NAME, 7, 2, true), spec);
  }

  /** Those of a host under {@code folder}. */
  static HostPaths paths(Path folder, String host) {
    Path root = folder.resolve(host);
    return new HostPaths(
        root.resolve("state"), root.resolve("run"), root.resolve("images"), "abc123");
  }
}
