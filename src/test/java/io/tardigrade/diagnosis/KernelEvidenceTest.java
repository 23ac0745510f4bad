package io.tardigrade.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelEvidenceTest {
  @TempDir Path root;

  private void put(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private void task(int pid, int tid, String comm, char state, String stack) throws IOException {
    String folder = "proc/" + pid + "/task/" + tid + "/";
    put(folder + "stat", tid + " (" + comm + ") " + state + " 1 1 0\n");
    put(folder + "comm", comm + "\n");
    put(folder + "wchan", "io_schedule");
    put(folder + "stack", stack);
    put("proc/" + pid + "/stat", pid + " (" + comm + ") " + state + " 1 1 0\n");
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void blockedTasksAreFoundWithTheirStacks() throws IOException {
    task(10, 10, "fine", 'S', "[<0>] do_sleep");
    task(20, 20, "half", 'S', "[<0>] do_sleep");
    task(20, 21, "a) D (", 'D', "[<0>] jbd2_log_wait_commit\n[<0>] ext4_sync_file");
    KernelEvidence kernel = new KernelEvidence(root);
    assertThat(text(kernel.blockedTasks(1 << 20)))
        .contains("20/21 a) D ( D io_schedule")
        .contains("jbd2_log_wait_commit")
        .doesNotContain("fine")
        .doesNotContain("half");
    assertThat(text(KernelEvidence.stacks(root.resolve("proc/20"), false, 1 << 20)))
        .contains("20/20 half S", "20/21");
    assertThat(text(kernel.processes(1 << 20)).lines()).hasSize(2);
  }

  @Test
  void withoutBlockedTasksItSaysSo() throws IOException {
    task(10, 10, "fine", 'R', "");
    assertThat(text(new KernelEvidence(root).blockedTasks(1 << 20))).isEqualTo("none\n");
  }

  @Test
  void kernelIsAskedForItsBlockedTasksBeforeItsLogIsRead() throws IOException {
    put("proc/sysrq-trigger", "");
    put("dev/kmsg", "6,1,2,-;hello\n");
    assertThat(text(new KernelEvidence(root).log(1 << 20))).isEqualTo("6,1,2,-;hello\n");
    assertThat(root.resolve("proc/sysrq-trigger")).hasContent("w");
  }

  @Test
  void logIsReadToItsBound() throws IOException {
    put("dev/kmsg", "x".repeat(100_000));
    assertThat(new KernelEvidence(root).log(50_000)).hasSize(50_001);
  }

  @Test
  void tailIsTheEndOfAFile() throws IOException {
    put("log", "0123456789");
    assertThat(text(KernelEvidence.tail(root.resolve("log"), 4))).isEqualTo("6789");
    assertThat(text(KernelEvidence.tail(root.resolve("log"), 40))).isEqualTo("0123456789");
  }
}
