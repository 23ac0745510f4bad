package io.tardigrade.guardian;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.qemu.Accelerator;
import io.tardigrade.qemu.Machine;
import java.time.Instant;
import java.util.List;

/** A guest's specification for tests that need one. */
final class TestGuest {
  static final String ADDRESS = "10.117.0.9";
  static final String MAC = "52:54:00:75:00:09";

  private TestGuest() {}

  static GuestSpec spec() {
    return new GuestSpec(
        GuestSpec.VERSION,
        "kv",
        128L << 20,
        1,
        100,
        true,
        false,
        null,
        Machine.MICROVM,
        Accelerator.TCG,
        "/kernel",
        "/initrd",
        "quiet",
        null,
        List.of(new GuestSpec.VolumeMount("data", "/data")),
        List.of(new GuestSpec.Forward("0.0.0.0", 6379, 6379, "tcp")),
        ADDRESS,
        24,
        "10.117.0.1",
        List.of("9.9.9.9"),
        MAC,
        "tg0-9",
        "tg0",
        70_000,
        "redis-server",
        Instant.parse("2026-11-22T00:00:00Z"));
  }
}
