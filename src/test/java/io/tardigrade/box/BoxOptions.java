package io.tardigrade.box;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What to boot.
 *
 * @param vcpus processors of the box
 * @param ramMib its memory in MiB
 * @param kernelArguments added to the kernel's command line, such as {@code memmap=512M!1G} or
 *     {@code crashkernel=320M}
 * @param files shown read-only in the box under /opt/tardigrade: target name to file or folder here
 */
public record BoxOptions(
    int vcpus, int ramMib, List<String> kernelArguments, Map<String, Path> files) {
  /** One processor, 2 GiB, no further arguments, no files. */
  public static BoxOptions defaults() {
    return new BoxOptions(1, 2048, List.of(), Map.of());
  }

  /** As {@link #defaults}, with what this test's JVM has on its class path. */
  public static BoxOptions withProduct() {
    return defaults().plusFiles(BoxClassPath.current().files());
  }

  /** The same with these files as well. */
  public BoxOptions plusFiles(Map<String, Path> more) {
    Map<String, Path> all = new HashMap<>(files);
    all.putAll(more);
    return new BoxOptions(vcpus, ramMib, kernelArguments, Map.copyOf(all));
  }

  /** The same with another number of processors. */
  public BoxOptions vcpus(int count) {
    return new BoxOptions(count, ramMib, kernelArguments, files);
  }

  /** The same with another amount of memory. */
  public BoxOptions ramMib(int mib) {
    return new BoxOptions(vcpus, mib, kernelArguments, files);
  }

  /** The same with other kernel arguments. */
  public BoxOptions kernelArguments(List<String> arguments) {
    return new BoxOptions(vcpus, ramMib, List.copyOf(arguments), files);
  }
}
