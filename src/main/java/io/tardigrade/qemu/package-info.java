/** Stock QEMU as a hypervisor: its command line, its process, its monitor (QMP). */
@NullMarked
package io.tardigrade.qemu;

import org.jspecify.annotations.NullMarked;
