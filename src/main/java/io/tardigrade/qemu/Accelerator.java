package io.tardigrade.qemu;

/** What executes guest code. */
public enum Accelerator {
  /** The kernel's hardware virtualisation. */
  KVM,
  /** QEMU's emulator, where KVM does not run a guest. */
  TCG
}
