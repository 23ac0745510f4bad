package io.tardigrade.box;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.lab.LabHost;
import io.tardigrade.lab.LabOptions;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A crash kernel of a host with two processors. Without guests, which were seen to hang such a host
 * under emulation; with one processor and a guest it is {@link HostResetTest}'s.
 */
@Tag("box")
@Tag("long")
class CrashKernelTest {
  private static final Duration COMMAND_MAX = Duration.ofMinutes(3);
  private static final String KEPT = LabHost.PRESERVED + "/kept";

  private static HostBox box;

  @BeforeAll
  static void boot() throws IOException {
    box = HostBox.start(LabOptions.defaults().vcpus(2).services(CountedGuest.services()));
  }

  @AfterAll
  static void end() throws IOException {
    if (box != null) {
      box.close();
    }
  }

  @Test
  void panicOnTheSecondProcessorKeepsTheLogAndBootsTheNextSystem() throws IOException {
    assertThat(in("nproc")).isEqualTo("2");
    in("tardigrade host preserve --size 512M");
    in("until [ \"$(cat /sys/kernel/kexec_crash_loaded)\" = 1 ]; do sleep 1; done");
    in("echo preserved >" + KEPT + "; sync");
    String kernel = in("cat /proc/sys/kernel/random/boot_id");

    box.runAndAwaitRestart("taskset -c 1 sh -c 'echo c >/proc/sysrq-trigger'", COMMAND_MAX);

    assertThat(in("cat /proc/sys/kernel/random/boot_id")).isNotEqualTo(kernel);
    assertThat(in("cat /proc/cmdline"))
        .as("the crash kernel booted it, and what it took for the first processor stays off")
        .contains("@0x100000", "disable_cpu_apicid=0")
        .doesNotContain("nr_cpus=1");
    assertThat(in("cat /var/lib/tardigrade/incidents/panic-" + kernel + ".log"))
        .contains("Kernel panic - not syncing: sysrq triggered crash")
        .contains("CPU: 1 PID");
    assertThat(in("cat " + KEPT)).isEqualTo("preserved");
  }

  private static String in(String script) throws IOException {
    return box.run(script, COMMAND_MAX).orThrow().text();
  }
}
