package io.tardigrade.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceManagerTest {
  @TempDir Path dir;

  /** What a service manager hears; a name beginning with a zero is an abstract one. */
  private static final class Listener implements AutoCloseable {
    private final int fd = Linux.unixDatagramSocket();

    Listener(String name) throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        MemorySegment address = arena.allocate(110, 8);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) 1);
        MemorySegment.copy(bytes, 0, address, ValueLayout.JAVA_BYTE, 2, bytes.length);
        int length = bytes[0] == 0 ? 2 + bytes.length : 110;
        Linux.bind(fd, address, length, "bind " + name);
      }
    }

    String next() throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment bytes = arena.allocate(1000);
        long n = Linux.read(fd, bytes);
        return new String(
            bytes.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
      }
    }

    @Override
    public void close() {
      Linux.close(fd);
    }
  }

  @Test
  void serviceManagerIsToldInDatagrams() throws IOException {
    String path = dir.resolve("notify").toString();
    try (Listener listener = new Listener(path)) {
      ServiceManager manager = ServiceManager.of(Map.of("NOTIFY_SOCKET", path));
      manager.ready("serves\nwell");
      assertThat(listener.next()).isEqualTo("READY=1\nSTATUS=serves well");
      manager.alive();
      manager.stopping();
      assertThat(listener.next()).as("nobody watches").isEqualTo("STOPPING=1");
    }
  }

  @Test
  void abstractNamesAndWatchdogsAreServed() throws Exception {
    String name = "tardigrade-test-" + ProcessHandle.current().pid();
    try (Listener listener = new Listener("\0" + name)) {
      ServiceManager manager =
          ServiceManager.of(Map.of("NOTIFY_SOCKET", "@" + name, "WATCHDOG_USEC", "2000"));
      Thread.sleep(2);
      manager.alive();
      assertThat(listener.next()).isEqualTo("WATCHDOG=1");
    }
  }

  @Test
  void withoutAServiceManagerNothingIsSaid() throws IOException {
    assertThat(ServiceManager.of(Map.of()).isThere()).isFalse();
    assertThat(ServiceManager.of(Map.of("NOTIFY_SOCKET", "vsock:2")).isThere()).isFalse();
    ServiceManager.of(Map.of("WATCHDOG_USEC", "soon")).ready("alone");
    ServiceManager gone = ServiceManager.of(Map.of("NOTIFY_SOCKET", dir + "/none"));
    assertThatThrownBy(() -> gone.ready("")).isInstanceOf(IOException.class);
  }
}
