package io.tardigrade.reset;

import static org.assertj.core.api.Assertions.assertThat;

import io.tardigrade.preserve.Region;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostPreparationTest {
  private static final long MIB = 1L << 20;
  private static final Region REGION = new Region(1024 * MIB, 512 * MIB);

  @Test
  void panicBootsACrashKernelWhereMemoryIsLeftForOne() {
    HostPreparation.Plan plan = new HostPreparation.Plan(REGION, false, true);
    assertThat(plan.arguments()).isEqualTo("memmap=512M!1024M crashkernel=320M panic=1");
    assertThat(plan.steps()).anyMatch(step -> step.endsWith(CrashKernel.ARGUMENT));
  }

  @Test
  void panicGoesByTheFirmwareWhereNoMemoryIsLeftAndThatIsSaid() {
    HostPreparation.Plan plan = new HostPreparation.Plan(REGION, false, false);
    assertThat(plan.arguments()).isEqualTo("memmap=512M!1024M panic=1");
    assertThat(plan.steps()).anyMatch(step -> step.contains("by its firmware (panic=1)"));
  }

  @Test
  void hostKeepsMoreThanAGibibyteBesideRegionAndCrashKernel() {
    List<Region> usable = List.of(new Region(MIB, 1791 * MIB));
    assertThat(HostPreparation.leavesRoomForCrash(usable, 511 * MIB)).isTrue();
    assertThat(HostPreparation.leavesRoomForCrash(usable, 512 * MIB)).isFalse();
  }
}
