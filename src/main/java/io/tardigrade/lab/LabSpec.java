package io.tardigrade.lab;

import java.time.Instant;
import java.util.List;

/**
 * What a lab host is, the same for its life: the file {@code host.json} of its folder.
 *
 * @param name its name
 * @param kind what it is made of: {@code vm}
 * @param vcpus processors
 * @param memoryBytes all its memory
 * @param preserveBytes of it what is preserved
 * @param kernelArguments added to its kernel's command line
 * @param kernel the kernel it boots after power-on
 * @param system folder of the system disk that its own disk is an overlay of
 * @param address its IPv4 address
 * @param prefix leading bits of its network
 * @param gateway this machine's address there
 * @param mac its hardware address
 * @param tap this machine's end of its cable
 * @param guestNetwork network of the guests in it, routed to it by this machine
 * @param createdAt when it was made
 */
public record LabSpec(
    String name,
    String kind,
    int vcpus,
    long memoryBytes,
    long preserveBytes,
    List<String> kernelArguments,
    String kernel,
    String system,
    String address,
    int prefix,
    String gateway,
    String mac,
    String tap,
    String guestNetwork,
    Instant createdAt) {
  public LabSpec {
    kernelArguments = List.copyOf(kernelArguments);
  }
}
