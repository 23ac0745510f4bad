package io.tardigrade.guest;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.util.List;

/**
 * What each host must know of a replicated guest to keep a replica of it, as JSON in the cluster's
 * register.
 *
 * @param version of its form, {@link #VERSION}
 * @param replica as in replica.json, where {@code founds} says nothing
 * @param spec of the guest as of the host that founded it: addresses, memory and disks are the same
 *     on each host, files and devices are each host's own
 * @param diskBytes sizes of its disks: the root disk, where it has one, and its volumes in order
 */
public record GuestDefinition(
    int version,
    ReplicaSpec replica,
    GuestSpec spec,
    @JsonProperty("disk_bytes") List<Long> diskBytes) {
  /** Form of a definition. */
  public static final int VERSION = 1;

  public GuestDefinition {
    diskBytes = List.copyOf(diskBytes);
    int disks = spec.volumes().size() + (spec.rootDisk() == null ? 0 : 1);
    if (diskBytes.size() != disks || diskBytes.stream().anyMatch(bytes -> bytes <= 0)) {
      throw new IllegalArgumentException(
          "sizes " + diskBytes + " of disks, expected " + disks + " above 0");
    }
  }

  /** As text for the register. */
  public String encode() {
    return Json.line(this);
  }

  /** What {@link #encode} made. */
  public static GuestDefinition decode(String text) throws IOException {
    GuestDefinition read = Json.parse("a guest's definition", text, GuestDefinition.class);
    if (read.version() != VERSION) {
      throw new IOException(
          "a guest's definition is of version "
              + read.version()
              + ", this program reads version "
              + VERSION);
    }
    return read;
  }
}
