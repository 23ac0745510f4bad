package io.tardigrade.qemu;

/** Kinds of virtual machine. */
public enum Machine {
  /** Minimal machine for lightweight VMs: no PCI, direct kernel boot only. */
  MICROVM,
  /** A PC with firmware that boots any operating system from a disk. */
  Q35
}
