/**
 * A lab: emulated hosts with a Linux of their own, a working KVM and preserved memory, in which the
 * product runs and which can be made to fail in every way a host does.
 */
@NullMarked
package io.tardigrade.lab;

import org.jspecify.annotations.NullMarked;
