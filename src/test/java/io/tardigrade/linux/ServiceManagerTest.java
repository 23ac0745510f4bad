package io.tardigrade.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceManagerTest {
  @TempDir Path dir;

  @Test
  void serviceManagerIsToldInDatagrams() throws IOException {
    String path = dir.resolve("notify").toString();
    try (NotifyListener listener = new NotifyListener(path)) {
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
    try (NotifyListener listener = new NotifyListener("\0" + name)) {
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
