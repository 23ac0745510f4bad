/**
 * Guest RAM seen from outside its hypervisor: where it lies, which pages were written, what they
 * hold.
 */
@NullMarked
package io.tardigrade.memory;

import org.jspecify.annotations.NullMarked;
