package io.tardigrade.coordination;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.curator.ensemble.EnsembleProvider;
import org.jspecify.annotations.Nullable;

/**
 * Where the service is reached: as it was said, or as a file says now, which the host's agent
 * rewrites whenever the servers change. The client asks whenever it has no connection.
 */
final class ServersFile implements EnsembleProvider {
  private static final int CHARS_MAX = 1024;

  private final @Nullable Path file;
  private volatile String last;

  ServersFile(String servers, @Nullable Path file) {
    this.last = servers;
    this.file = file;
  }

  @Override
  public void start() {}

  @Override
  public String getConnectionString() {
    try {
      if (file != null && Files.size(file) <= CHARS_MAX) {
        String now = Files.readString(file).strip();
        if (!now.isEmpty()) {
          last = now;
        }
      }
    } catch (IOException e) {
      // What was known last is as good as can be had.
    }
    return last;
  }

  @Override
  public void setConnectionString(String servers) {
    last = servers;
  }

  @Override
  public boolean updateServerListEnabled() {
    return true;
  }

  @Override
  public void close() {}
}
