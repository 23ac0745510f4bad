package io.tardigrade.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorTest {
  @Test
  void versionsOfQemuAreComparedByNumber() {
    assertThat(QemuVersion.parse("QEMU emulator version 7.2.22 (Debian 1:7.2)\nCopyright"))
        .hasValueSatisfying(v -> assertThat(v.isNewEnough()).isTrue());
    assertThat(QemuVersion.parse("QEMU emulator version 10.0.0-rc1").orElseThrow().isNewEnough())
        .isTrue();
    assertThat(QemuVersion.parse("QEMU emulator version 7.1.0").orElseThrow().isNewEnough())
        .isFalse();
    assertThat(QemuVersion.parse("QEMU emulator version 5.2.9").orElseThrow().isNewEnough())
        .isFalse();
    assertThat(QemuVersion.parse("something else")).isEmpty();
  }

  @Test
  void aHostWithNotesIsFitAndOneWithAFailureIsNot() {
    assertThat(Doctor.isFit(List.of(Check.ok("a", ""), Check.note("b", "")))).isTrue();
    assertThat(Doctor.isFit(List.of(Check.ok("a", ""), Check.failed("b", "")))).isFalse();
  }

  @Test
  void theEngineChosenIsOneThatTheKernelHas() {
    boolean userfaultfd =
        KernelFeatures.userfaultWriteProtection().isEmpty()
            && KernelFeatures.pagemapScan().isEmpty();
    assertThat(KernelFeatures.engine().equals("userfaultfd")).isEqualTo(userfaultfd);
    assertThat(KernelFeatures.pidfd()).isEmpty();
  }
}
