package io.tardigrade.monitor;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads EDAC's counters below /sys/devices/system/edac/mc; none where there is no driver. */
final class EdacSource {
  private static final int FOLDERS_MAX = 1024;

  private final Path controllers;

  EdacSource(Path sys) {
    controllers = sys.resolve("devices/system/edac/mc");
  }

  List<EdacCount> read() throws IOException, UnreadableException {
    List<EdacCount> counts = new ArrayList<>();
    for (Path controller : folders(controllers, "mc[0-9]*")) {
      List<Path> modules = folders(controller, "{dimm,rank}[0-9]*");
      for (Path module : modules) {
        counts.add(
            EdacCount.parse(
                controller.getFileName() + "/" + module.getFileName(),
                BoundedFile.readIfThere(module.resolve("dimm_label")),
                BoundedFile.read(module.resolve("dimm_ce_count")),
                BoundedFile.read(module.resolve("dimm_ue_count"))));
      }
      if (modules.isEmpty()) {
        counts.add(
            EdacCount.parse(
                String.valueOf(controller.getFileName()),
                "",
                BoundedFile.read(controller.resolve("ce_count")),
                BoundedFile.read(controller.resolve("ue_count"))));
      }
    }
    return counts;
  }

  private static List<Path> folders(Path parent, String glob) throws IOException {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(parent)) {
      try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, glob)) {
        for (Path folder : folders) {
          if (found.size() < FOLDERS_MAX && Files.isDirectory(folder)) {
            found.add(folder);
          }
        }
      }
      found.sort(null);
    }
    return found;
  }
}
